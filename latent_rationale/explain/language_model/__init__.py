"""The bidirectional language model from which contexts are sampled."""
