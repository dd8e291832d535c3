"""Figures and HTML pages of hierarchical explanations."""
