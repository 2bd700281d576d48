"""The specification of a model that is to be made, and the checks that need no library."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from paddock.library.create.quantize import quantization_type
from paddock.library.errors import LibraryError
from paddock.library.modelfile import ROLES
from paddock.library.options import check_option
from paddock.library.store.blobs import parse_digest

_VERSION = re.compile(r"v?\d+(\.\d+){0,2}([-+][0-9A-Za-z.+-]+)?", re.ASCII)


class InvalidModelSpec(LibraryError, ValueError):
    """The specification is wrong, which is the client's mistake."""


@dataclass(frozen=True)
class ModelSpec:
    """What a model is made of. Every digest names a blob that has been uploaded."""

    base: str = ""
    """Name of the model to build on, or ""."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Digest of each file by its relative path: GGUF files, or the files of a checkpoint."""
    adapters: Mapping[str, str] = field(default_factory=dict)
    """Digest of each file of LoRA adapters by its relative path."""
    template: str | None = None
    """Go template; None or "" keeps the template of the base."""
    system: str | None = None
    """System message; None or "" keeps that of the base."""
    licenses: list[str] = field(default_factory=list)
    """Licences to add to those of the base."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Default options, which are merged into those of the base."""
    messages: list[Mapping[str, Any]] = field(default_factory=list)
    """Conversation that every chat begins with; an empty one keeps that of the base."""
    quantize: str = ""
    """Quantization type of the weights; "" leaves them as they are."""
    renderer: str = ""
    parser: str = ""
    requires: str = ""
    """Lowest version of Ollama that can run the model."""
    older: bool = False
    """Report progress with the status lines of Ollama's API of 2024."""

    @property
    def digests(self) -> tuple[str, ...]:
        """The digests of all files, adapters included."""
        return (*self.files.values(), *self.adapters.values())


def validated(spec: ModelSpec) -> ModelSpec:
    """Return the specification with digests, parameters and quantization type in their canonical form.

    Raises:
        InvalidModelSpec, InvalidOption, InvalidDigest, CannotQuantize: if it is wrong whatever the library contains.
    """
    if not spec.base and not spec.files:
        raise InvalidModelSpec("neither 'from' or 'files' was specified")
    for path in (*spec.files, *spec.adapters):
        if not _is_relative(path):
            raise InvalidModelSpec("file path must be relative")
    if spec.requires and not _VERSION.fullmatch(spec.requires):
        raise InvalidModelSpec(f'requires must be a version such as 0.14.0, not "{spec.requires}"')
    for message in spec.messages:
        if message.get("role") not in ROLES:
            raise InvalidModelSpec(
                f'message role must be one of "system", "user", or "assistant", not "{message.get("role", "")}"'
            )
    if spec.template:
        _check_template(spec.template)
    parameters = {name: check_option(name, value) for name, value in spec.parameters.items()}
    return replace(
        spec,
        files={path: parse_digest(digest) for path, digest in spec.files.items()},
        adapters={path: parse_digest(digest) for path, digest in spec.adapters.items()},
        quantize=quantization_type(spec.quantize) if spec.quantize else "",
        parameters={name: value for name, value in parameters.items() if value is not None},
    )


def _check_template(template: str) -> None:
    """Refuse a template with an action that is never closed; other mistakes need the template engine to be found.

    Raises:
        InvalidModelSpec: naming the line.
    """
    opening = template.rfind("{{")
    if opening >= 0 and "}}" not in template[opening:]:
        line = template.count("\n", 0, opening) + 1
        raise InvalidModelSpec(f"template error: template: :{line}: unclosed action")


def _is_relative(path: str) -> bool:
    parts = re.split(r"[/\\]", path)
    return bool(path) and parts[0] != "" and ".." not in parts and ":" not in parts[0]
