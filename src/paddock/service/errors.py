"""What can be wrong with a request for inference; the messages are those that clients of Ollama match on."""

from paddock.errors import ErrorKind, PaddockError


class RequestError(PaddockError):
    """The request cannot be served as it is."""

    kind = ErrorKind.INVALID


class NotSupported(RequestError):
    """The model cannot do what the request needs."""

    kind = ErrorKind.UNSUPPORTED


class UnknownModel(RequestError):
    """There is no model of that name."""

    kind = ErrorKind.NOT_FOUND

    def __init__(self, name: str) -> None:
        super().__init__(f"model '{name}' not found")
