"""Where a runner finds the files that a `LoadModel` names by digest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paddock.engine.binding import LoadError
from paddock.ipc import FileRef, LoadModel

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})", re.ASCII)


class FileResolver(Protocol):
    """Finds this machine's copy of a file."""

    def path(self, file: FileRef) -> Path:
        """Return where the file lies.

        Raises:
            LoadError: if it is not here.
        """

    @property
    def folders(self) -> Sequence[Path]:
        """The folders with files, those of other models among them."""


class BlobFolders:
    """Finds files in folders of blobs, each named `sha256-` and the 64 hexadecimal digits of its digest."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = folders

    def path(self, file: FileRef) -> Path:
        """Return where the blob lies; the first folder that has it counts.

        Raises:
            LoadError: if no folder has it, or the digest is not one.
        """
        match = _DIGEST.fullmatch(file.digest)
        if match is None:
            raise LoadError(f"{file.digest!r} is not a digest: it must be sha256: and 64 lower-case hexadecimal digits")
        paths = [folder / f"sha256-{match[1]}" for folder in self.folders]
        for path in paths:
            if path.is_file():
                return path
        raise LoadError(f"{paths[0] if paths else file.digest} does not exist")


@dataclass(frozen=True)
class ModelPaths:
    """The files of one model on this machine."""

    model: Path
    adapters: tuple[Path, ...] = ()
    projector: Path | None = None
    """The file with the image and audio encoder; None if the model takes neither. It may be the model's own file."""

    @property
    def all(self) -> tuple[Path, ...]:
        """Every file, some perhaps twice."""
        return (self.model, *self.adapters, *([self.projector] if self.projector is not None else []))


def resolve_files(load: LoadModel, resolver: FileResolver) -> ModelPaths:
    """Find every file that `load` names.

    Raises:
        LoadError: if one is not here.
    """
    return ModelPaths(
        resolver.path(load.model),
        tuple(map(resolver.path, load.adapters)),
        resolver.path(load.projector) if load.projector is not None else None,
    )
