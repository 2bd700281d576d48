"""Ranking texts: `/api/rerank`, and `/v1/rerank` in the form of other rerank servers. Ollama has neither."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.protocol.json import BadRequest
from paddock.protocol.ollama.numbers import Int64


class RerankRequest(msgspec.Struct):
    """`POST /api/rerank` and `POST /v1/rerank`."""

    model: str | None = None
    query: str | None = None
    documents: Any = None
    top_n: Int64 | None = None
    return_documents: bool | None = None
    truncate: bool | None = None
    options: dict[str, Any] | None = None
    keep_alive: Any = None


class RankedDocument(msgspec.Struct):
    """A document, as it was sent."""

    text: str


class RerankResult(msgspec.Struct, kw_only=True):
    """How well a document answers the query: its place in the request, from 0, and a number from 0 to 1."""

    index: int
    relevance_score: float
    document: RankedDocument | UnsetType = UNSET


class RerankUsage(msgspec.Struct):
    """Tokens that were computed."""

    prompt_tokens: int
    total_tokens: int


class RerankReply(msgspec.Struct, kw_only=True):
    """The answer of `/api/rerank`: the best first. Durations in nanoseconds."""

    model: str
    results: list[RerankResult]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class RerankList(msgspec.Struct, kw_only=True):
    """The answer of `/v1/rerank`: the best first."""

    model: str
    object: str
    results: list[RerankResult]
    usage: RerankUsage


def read_documents(value: Any) -> list[str]:
    """Return the documents of a rerank request: a list of texts, or of objects with a `text`.

    Raises:
        BadRequest: if it is something else, or empty.
    """
    if not isinstance(value, list):
        raise BadRequest("documents must be a list of strings")
    if not value:
        raise BadRequest("documents must not be empty")
    return [_text(number, document) for number, document in enumerate(value)]


def read_top_n(value: int | None) -> int:
    """Return how many documents are wanted; 0: all.

    Raises:
        BadRequest: if none is.
    """
    if value is not None and value < 1:
        raise BadRequest(f"top_n must be at least 1, not {value}")
    return value or 0


def read_query(value: str | None) -> str:
    """Return the query.

    Raises:
        BadRequest: if there is none.
    """
    if not value:
        raise BadRequest("query is required")
    return value


def _text(number: int, document: Any) -> str:
    text = document.get("text") if isinstance(document, dict) else document
    if not isinstance(text, str):
        raise BadRequest(f'documents[{number}] must be a string, or an object with a "text"')
    return text
