"""Explanations of a trained classifier: a score for each phrase, and a tree of phrases (Jin et al., ICLR 2020)."""
