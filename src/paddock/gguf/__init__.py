"""GGUF files: their types, and what Ollama's own files of that format differ in."""
