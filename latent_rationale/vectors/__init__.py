"""Word vectors from the user's own texts, by factorization of the counts of words that occur together."""
