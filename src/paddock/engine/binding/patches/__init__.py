"""Corrections of llama.cpp's computation, applied through its evaluation callback."""
