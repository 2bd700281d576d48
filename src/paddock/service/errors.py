"""What can be wrong with a request for inference; messages are those that clients of Ollama match on."""


class RequestError(Exception):
    """The client asked for something that cannot be; the message is one line."""


class NotSupported(RequestError):
    """The model cannot do what the request needs."""


class UnknownModel(RequestError):
    """There is no such model."""

    def __init__(self, name: str) -> None:
        super().__init__(f"model '{name}' not found")


class NotBuiltYet(RequestError):
    """Paddock cannot do this yet."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what} is not built yet")
