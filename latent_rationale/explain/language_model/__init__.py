"""Bidirectional language model from which the contexts of phrases are sampled."""
