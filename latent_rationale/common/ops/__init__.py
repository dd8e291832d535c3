"""Python interface of the compiled operators in ``csrc/``."""
