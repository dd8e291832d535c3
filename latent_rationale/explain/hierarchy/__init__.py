"""Phrases of a sentence, trees of phrases, and explanations made of them."""
