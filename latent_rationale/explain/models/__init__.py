"""Implementations of ``ExplainedModel`` for models of this package, transformers and functions."""
