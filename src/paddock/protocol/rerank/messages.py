"""Requests and replies of `/api/rerank`, and of `/v1/rerank`, the form that other rerank servers share."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, UnsetType

from paddock.bounds import FIELD_BOUNDS
from paddock.protocol.accepts import accepts
from paddock.protocol.json import BadRequest
from paddock.protocol.numbers import Int64


class RankedDocument(msgspec.Struct):
    """A document of the request."""

    text: str


class RerankRequest(msgspec.Struct):
    """`POST /api/rerank` and `POST /v1/rerank`."""

    model: str | None = None
    query: str | None = None
    documents: Annotated[Any, accepts(list[str | RankedDocument])] = None
    top_n: Int64 | None = None
    return_documents: bool | None = None
    truncate: bool | None = None
    options: dict[str, Any] | None = None
    keep_alive: Annotated[Any, accepts(float | str | None)] = None


class RerankResult(msgspec.Struct, kw_only=True):
    """A document's index in the request, from 0, and how well it answers the query, from 0 to 1."""

    index: int
    relevance_score: float
    document: RankedDocument | UnsetType = UNSET


class RerankUsage(msgspec.Struct):
    """Number of tokens that were computed."""

    prompt_tokens: int
    total_tokens: int


class RerankReply(msgspec.Struct, kw_only=True):
    """The answer of `/api/rerank`, best document first. Durations are nanoseconds."""

    model: str
    results: list[RerankResult]
    total_duration: int
    load_duration: int
    prompt_eval_count: int


class RerankList(msgspec.Struct, kw_only=True):
    """The answer of `/v1/rerank`, best document first."""

    model: str
    object: str
    results: list[RerankResult]
    usage: RerankUsage


def read_documents(value: Any) -> list[str]:
    """Return the texts of a rerank request's documents: each is a text, or an object with a `text`.

    Raises:
        BadRequest: if the list is empty, or has anything else in it.
    """
    if not isinstance(value, list):
        raise BadRequest("documents must be a list of strings")
    if not value:
        raise BadRequest("documents must not be empty")
    return [_text(number, document) for number, document in enumerate(value)]


def read_top_n(value: int | None) -> int:
    """Return the number of documents to answer with; 0 means all.

    Raises:
        BadRequest: if it is less than 1.
    """
    if value is not None and value < FIELD_BOUNDS["top_n"].smallest:
        raise BadRequest(f"top_n must be at least 1, not {value}")
    return value or 0


def read_query(value: str | None) -> str:
    """Return the query of a rerank request.

    Raises:
        BadRequest: if it is absent or empty.
    """
    if not value:
        raise BadRequest("query is required")
    return value


def _text(number: int, document: Any) -> str:
    text = document.get("text") if isinstance(document, dict) else document
    if not isinstance(text, str):
        raise BadRequest(f'documents[{number}] must be a string, or an object with a "text"')
    return text
