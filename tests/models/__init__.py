"""Tiny models with random weights that tests write, and GGUF files built byte by byte."""
