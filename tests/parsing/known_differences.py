"""Recorded replies that our parsers deliberately take apart otherwise, and why.

A key is the recording's file and a case's name (with its kind, where a file has kinds), or `*` for the whole file.
"""

TEMPLATES: dict[str, tuple[str, ...]] = {}
