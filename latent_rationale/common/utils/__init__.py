"""Errors, files, options and devices: what does not know tensors of models or tasks."""
