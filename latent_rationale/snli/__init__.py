"""Stanford Natural Language Inference: relations of sentence pairs (Bastings et al., section 6.3)."""
