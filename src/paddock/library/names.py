"""Model names: `[host/][namespace/]model[:tag]`."""

import functools
import re
from dataclasses import dataclass

from paddock.library.errors import LibraryError

DEFAULT_HOST = "registry.ollama.ai"
DEFAULT_NAMESPACE = "library"
DEFAULT_TAG = "latest"

_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}", re.ASCII)
_HOST = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,254}", re.ASCII)


class InvalidName(LibraryError, ValueError):
    """The text is not a model name."""

    def __init__(self, message: str = "invalid model name") -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """A model name with all four parts, each safe as a file name.

    >>> ModelName.parse("llama3.2").full
    'registry.ollama.ai/library/llama3.2:latest'
    """

    host: str
    namespace: str
    model: str
    tag: str

    def __post_init__(self) -> None:
        """Check that every part is safe as a part of a path.

        Raises:
            InvalidName: if one is empty, too long (over 255 characters for the host, 80 for the others), or has a
                forbidden character.
        """
        if not is_host(self.host) or not all(map(is_part, (self.namespace, self.model, self.tag))):
            raise InvalidName

    @classmethod
    @functools.lru_cache(maxsize=1024)
    def parse(cls, text: str) -> "ModelName":
        """Parse a name as a person writes it; missing parts get their defaults. Cached.

        Raises:
            InvalidName: if `text` is not a model name.
        """
        scheme, separator, rest = text.partition("://")
        if separator and scheme.lower() not in ("http", "https"):
            raise InvalidName
        *folders, last = (rest if separator else text).split("/")
        model, colon, tag = last.partition(":")
        if len(folders) > 2:
            raise InvalidName
        host = folders[0] if len(folders) == 2 else DEFAULT_HOST
        namespace = folders[-1] if folders else DEFAULT_NAMESPACE
        return cls(host, namespace, model, tag if colon else DEFAULT_TAG)

    @property
    def short(self) -> str:
        """The name as it is shown: without the default host and namespace, always with the tag."""
        name = f"{self.model}:{self.tag}"
        if self.host.lower() != DEFAULT_HOST:
            return f"{self.host}/{self.namespace}/{name}"
        return name if self.namespace.lower() == DEFAULT_NAMESPACE else f"{self.namespace}/{name}"

    @property
    def full(self) -> str:
        """The name with all its parts."""
        return f"{self.host}/{self.namespace}/{self.model}:{self.tag}"

    @property
    def key(self) -> str:
        """Text that is equal for names that differ only in upper and lower case."""
        return self.full.lower()

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """Host, namespace, model and tag, which make up the path of the manifest."""
        return self.host, self.namespace, self.model, self.tag

    def __str__(self) -> str:
        """Return `short`."""
        return self.short


def is_part(text: str) -> bool:
    """Return whether `text` is valid as a namespace, model or tag."""
    return _PART.fullmatch(text) is not None and ".." not in text


def is_host(text: str) -> bool:
    """Return whether `text` is valid as the host of a registry, with or without a port."""
    return _HOST.fullmatch(text) is not None and ".." not in text
