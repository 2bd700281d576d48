"""Generating text: the engine's step, requests in progress, sampling, detokenizing, constrained decoding.

`Engine.step` computes what the scheduler decides and returns the text that it brought.
"""
