"""Stanford Sentiment Treebank: sentences with sentiment classes (Bastings et al., section 6.2)."""
