"""BeerAdvocate: reviews with a score for each of five aspects."""
