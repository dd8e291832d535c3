"""Modules of rationale models: encoders, selectors, classifiers."""
