"""The model that an adapter changes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class BaseModel:
    """What an adapter's conversion needs to know about the model that it changes."""

    architecture: str
    """llama.cpp's name."""
    layers: int
    heads: int
    kv_heads: int
