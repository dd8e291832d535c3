"""Networks of rationale models: encoders, selectors and classifiers."""
