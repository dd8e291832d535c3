"""Evaluation of explanations: correlation with other word and phrase labels, and deletion curves."""
