"""Predictions as plain Python values: display, files and plots."""
