"""Errors of reading GGUF files. Their messages are one printable line each."""

from paddock.errors import ErrorKind, PaddockError


class GgufError(PaddockError):
    """The file cannot be used as a GGUF file."""

    kind = ErrorKind.INVALID


class NotGguf(GgufError):
    """The file does not start as a GGUF file does."""

    def __init__(self) -> None:
        super().__init__("supplied file was not in GGUF format")


class BadGguf(GgufError):
    """The file starts as GGUF, but is broken, truncated, or of an unsupported version."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"invalid GGUF file: {reason}")


class DamagedModel(GgufError):
    """The file is GGUF, and describes a model that nothing can run."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the model's file is damaged: {reason}")


def quoted(name: str) -> str:
    """Return a name from an untrusted file in quotes: printable, at most 80 characters, on one line."""
    printable = "".join(c if c.isprintable() else "?" for c in name[:80])
    return f'"{printable}…"' if len(name) > 80 else f'"{printable}"'
