"""Experiments: tasks, variants, trained predictors and commands."""
