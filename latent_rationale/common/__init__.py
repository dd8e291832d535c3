"""What all tasks share. Nothing here knows a task."""
