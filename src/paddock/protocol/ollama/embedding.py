"""Vectors for texts: `/api/embed` and the older `/api/embeddings`."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol.ollama.numbers import Int64


class EmbedRequest(msgspec.Struct):
    """`POST /api/embed`."""

    model: str | None = None
    input: Any = None
    truncate: bool | None = None
    dimensions: Int64 | None = None
    chunk: bool | None = None
    """Ours: Ollama only cuts."""
    options: dict[str, Any] | None = None
    keep_alive: Any = None
    images: list[Any] | None = None


class EmbeddingsRequest(msgspec.Struct):
    """`POST /api/embeddings`, the older form."""

    model: str | None = None
    prompt: str | None = None
    options: dict[str, Any] | None = None
    keep_alive: Any = None
    images: list[Any] | None = None


class EmbedReply(msgspec.Struct, kw_only=True):
    """The answer of `/api/embed`: vectors, each as JSON. Durations in nanoseconds; what is zero is left out."""

    model: str
    embeddings: list[msgspec.Raw]
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET


class EmbeddingsReply(msgspec.Struct):
    """The answer of `/api/embeddings`."""

    embedding: list[float]
