"""The error body that Ollama's API and the rerank API have in common."""

import msgspec


class ErrorBody(msgspec.Struct):
    """Every error."""

    error: str
