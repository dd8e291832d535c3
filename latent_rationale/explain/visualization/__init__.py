"""Pictures and pages of hierarchical explanations."""
