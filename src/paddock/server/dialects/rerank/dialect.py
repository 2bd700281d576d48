"""The rerank API as a dialect: errors as in Ollama's API, and no streams."""

from paddock.errors import ErrorKind
from paddock.protocol.rerank import ErrorBody
from paddock.server.dialect import Dialect


def _error_body(kind: ErrorKind, message: str) -> ErrorBody:
    return ErrorBody(message)


RERANK = Dialect(name="rerank", error_type=ErrorBody, error_body=_error_body)
