"""Explainers of trained classifiers."""
