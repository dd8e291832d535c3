"""BeerAdvocate reviews with a score for each of five aspects (Bastings et al., section 6.1)."""
