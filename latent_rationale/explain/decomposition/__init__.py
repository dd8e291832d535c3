"""Contextual decomposition: activations split into a relevant part and the rest."""
