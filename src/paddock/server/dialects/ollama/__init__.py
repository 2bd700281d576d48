"""Ollama's API: handlers, route table, errors, and the words of its description."""
