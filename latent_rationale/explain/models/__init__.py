"""Implementations of ``ExplainedModel``: models of this package, transformers, any function."""
