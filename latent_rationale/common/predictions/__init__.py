"""Predictions apart from tensors: display, files and plots."""
