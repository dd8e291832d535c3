"""The Stanford Sentiment Treebank (paper, section 6.2)."""
