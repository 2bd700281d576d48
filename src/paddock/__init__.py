"""Paddock runs language models on this machine and speaks Ollama's API."""

__version__ = "0.1.0"

OLLAMA_API_VERSION = "0.33.0"
"""The Ollama version whose API is spoken: clients gate features on it."""
