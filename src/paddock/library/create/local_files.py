"""The files of this machine that FROM and ADAPTER of a Modelfile name: a file, its shards, or a folder."""

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
"""Patterns of the files of a model in a folder: GGUF, else a checkpoint. The first of a row must match a file."""


class NoModelFiles(LibraryError, ValueError):
    """The named files are not a model, or not a complete one."""


def local_model_files(source: str, folder: Path) -> dict[str, Path] | None:
    """Return the files that `source` names, by their names within the model; None if `source` is a model's name.

    Args:
        folder: where relative paths begin.

    Raises:
        NoModelFiles: if it is a folder without a model, or shards are missing.
    """
    path = folder / Path(source).expanduser()
    if path.is_file():
        return {shard.name: shard for shard in _shards(path)}
    # The name of a model wins over a folder of the same name, unless it is written as a path.
    if not path.is_dir() or (source not in (".", "..") and not any(character in source for character in "/\\~")):
        return None
    for first, *more in _FOLDERS:
        if found := sorted(path.glob(first)):
            return {file.relative_to(path).as_posix(): file for file in _all(path, found, more)}
    raise NoModelFiles("no Modelfile or safetensors files found")


def unique_names(taken: Iterable[str], found: dict[str, Path], number: int) -> dict[str, Path]:
    """Return the files by names that are not in `taken`, for which all get the prefix `number/` if one is.

    The files of adapters in several folders have the same names.
    """
    return {f"{number}/{name}": path for name, path in found.items()} if found.keys() & set(taken) else found


def _shards(path: Path) -> list[Path]:
    from paddock.library.create.shards import shard_names  # rarely needed

    shards = [path.with_name(name) for name in shard_names(path.name)] or [path]
    for shard in shards:
        if not shard.is_file():
            raise NoModelFiles(f"{shard.name} is missing: the model is in {len(shards)} files")
    return shards


def _all(folder: Path, found: list[Path], patterns: Iterable[str]) -> list[Path]:
    return found + sorted(file for pattern in patterns for file in folder.glob(pattern))
