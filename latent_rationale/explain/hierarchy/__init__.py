"""Phrases, trees of phrases, and explanations."""
