"""Which files of this machine FROM and ADAPTER of a Modelfile mean: a file, all parts of a split one, or a folder."""

from collections.abc import Iterable
from pathlib import Path

from paddock.library.errors import LibraryError

_FOLDERS = (
    ("*.gguf",),
    (
        "*.safetensors",
        "*.json",
        "tokenizer.model",
        "sentencepiece.bpe.model",
        "vocab.txt",
        "*.jinja",
        "*/config.json",
        "*_Dense/*.safetensors",
    ),
)
"""What makes a folder a model; of each row, the first pattern must match something."""


class NoModelFiles(LibraryError, ValueError):
    """The files that are named are no model, or not all of one."""


def local_model_files(source: str, folder: Path) -> dict[str, Path] | None:
    """Return the files by their names within the model; None for a model's name. Relative paths begin in `folder`.

    Raises:
        NoModelFiles: if it is a folder without a model, or parts of a split file are missing.
    """
    path = folder / Path(source).expanduser()
    if path.is_file():
        return {part.name: part for part in _parts(path)}
    # A folder that happens to be called like a model is the model, unless it is written as a path.
    if not path.is_dir() or (source not in (".", "..") and not any(mark in source for mark in ("/", "\\", "~"))):
        return None
    for first, *more in _FOLDERS:
        if found := sorted(path.glob(first)):
            return {file.relative_to(path).as_posix(): file for file in _all(path, found, more)}
    raise NoModelFiles("no Modelfile or safetensors files found")


def unique_names(taken: Iterable[str], found: dict[str, Path], number: int) -> dict[str, Path]:
    """Return files by names that are not taken: those of adapters in folders are all the same."""
    return {f"{number}/{name}": path for name, path in found.items()} if found.keys() & set(taken) else found


def _parts(path: Path) -> list[Path]:
    from paddock.library.create.shards import shard_names  # rarely needed

    parts = [path.with_name(name) for name in shard_names(path.name)] or [path]
    for part in parts:
        if not part.is_file():
            raise NoModelFiles(f"{part.name} is missing: the model is in {len(parts)} files")
    return parts


def _all(folder: Path, found: list[Path], patterns: Iterable[str]) -> list[Path]:
    return found + sorted(file for pattern in patterns for file in folder.glob(pattern))
