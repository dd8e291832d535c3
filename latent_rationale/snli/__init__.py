"""Stanford Natural Language Inference: whether a hypothesis follows from a premise."""
