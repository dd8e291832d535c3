"""Utilities that know no model and no task: errors, files, options, console and devices."""
