"""Media types of answers."""

JSON = "application/json"
JSON_UTF8 = "application/json; charset=utf-8"
"""Ollama names the charset in most answers, but not in those to create, pull and push."""
NDJSON = "application/x-ndjson"
TAR = "application/x-tar"
TEXT = "text/plain"
HTML = "text/html"
