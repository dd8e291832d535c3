"""Word vectors from the user's own texts, made from the words that occur together."""
