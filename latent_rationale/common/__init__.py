"""Core that all tasks share; nothing in it depends on a task."""
