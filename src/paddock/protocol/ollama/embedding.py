"""Requests and replies of `/api/embed` and of its older form, `/api/embeddings`."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol.accepts import accepts
from paddock.protocol.numbers import Int64


class EmbedRequest(msgspec.Struct):
    """`POST /api/embed`."""

    model: str | None = None
    input: Annotated[Any, accepts(str | list[str] | None)] = None
    truncate: bool | None = None
    dimensions: Int64 | None = None
    chunk: bool | None = None
    """Whether to embed a long text in windows; an extension to Ollama's API, which can only truncate."""
    options: dict[str, Any] | None = None
    keep_alive: Annotated[Any, accepts(float | str | None)] = None
    images: Annotated[list[Any] | None, accepts(list[str] | None)] = None


class EmbeddingsRequest(msgspec.Struct):
    """`POST /api/embeddings`, the older form."""

    model: str | None = None
    prompt: str | None = None
    options: dict[str, Any] | None = None
    keep_alive: Annotated[Any, accepts(float | str | None)] = None
    images: Annotated[list[Any] | None, accepts(list[str] | None)] = None


class EmbedReply(msgspec.Struct, kw_only=True):
    """The answer of `/api/embed`: each vector is encoded JSON. Durations are nanoseconds; zeros are left out."""

    model: str
    embeddings: Annotated[list[msgspec.Raw], accepts(list[list[float]])]
    total_duration: int | UnsetType = UNSET
    load_duration: int | UnsetType = UNSET
    prompt_eval_count: int | UnsetType = UNSET


class EmbeddingsReply(msgspec.Struct):
    """The answer of `/api/embeddings`."""

    embedding: list[float]
