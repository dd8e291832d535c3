"""The user's own tables of texts: reading, columns, and splits."""
