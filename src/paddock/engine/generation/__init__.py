"""Generating text: the engine's step, requests in progress, sampling, detokenizing, constrained decoding."""
