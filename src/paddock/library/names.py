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
    """The text names no model."""

    def __init__(self, message: str = "invalid model name") -> None:
        super().__init__(message)


@dataclass(frozen=True, slots=True, order=True)
class ModelName:
    """All four parts of a name, each safe as a file name.

    >>> ModelName.parse("llama3.2").full
    'registry.ollama.ai/library/llama3.2:latest'
    """

    host: str
    namespace: str
    model: str
    tag: str

    def __post_init__(self) -> None:
        """Refuse parts that could not be parts of a path.

        Raises:
            InvalidName: if one is empty, too long (a host over 255 characters, the others over 80), or has a forbidden
                character.
        """
        if not is_host(self.host) or not all(map(is_part, (self.namespace, self.model, self.tag))):
            raise InvalidName

    @classmethod
    @functools.lru_cache(maxsize=1024)
    def parse(cls, text: str) -> "ModelName":
        """Read a name as a person writes it; missing parts get their defaults.

        Raises:
            InvalidName: if `text` is no name.
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
        """The name as shown: without the default host and namespace, always with the tag."""
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
        """Equal for names that differ only in upper and lower case."""
        return self.full.lower()

    @property
    def parts(self) -> tuple[str, str, str, str]:
        """Host, namespace, model, tag: the path of the manifest below its folder."""
        return self.host, self.namespace, self.model, self.tag

    def __str__(self) -> str:
        """`short`."""
        return self.short


def is_part(text: str) -> bool:
    """Whether `text` may be a namespace, model or tag."""
    return _PART.fullmatch(text) is not None and ".." not in text


def is_host(text: str) -> bool:
    """Whether `text` may be a registry's host, with or without a port."""
    return _HOST.fullmatch(text) is not None and ".." not in text
