"""Prompt templates in Go's `text/template` language."""
