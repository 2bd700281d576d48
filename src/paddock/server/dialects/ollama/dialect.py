"""Ollama's API as a dialect: error bodies with the one field `error`, and streams of JSON lines."""

from paddock.errors import ErrorKind
from paddock.protocol.ollama import ErrorBody
from paddock.server.dialect import Dialect


def _error_body(kind: ErrorKind, message: str) -> ErrorBody:
    return ErrorBody(message)


OLLAMA = Dialect(name="ollama", error_type=ErrorBody, error_body=_error_body)
