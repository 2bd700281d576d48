"""Pulling, pushing, exporting and importing: layers on their way."""
