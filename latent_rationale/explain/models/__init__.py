"""Classifiers that can be explained."""
