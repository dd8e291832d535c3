"""Objectives: from the output of a model and a batch to a loss."""
