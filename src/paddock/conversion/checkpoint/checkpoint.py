"""A checkpoint on disk: its files by name, its settings, its tensors."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from paddock.conversion.checkpoint.safetensors import Tensor, read_checkpoint
from paddock.conversion.errors import ConversionError

MAX_FILE = 256 << 20
"""Bytes of a settings file or tokenizer; the largest tokenizers have 35 MB."""


class Checkpoint:
    """The files that make up a model: name (with `/` for subfolders) → path."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = {name.removeprefix("./").replace("\\", "/"): path for name, path in files.items()}

    @classmethod
    def of_folder(cls, folder: Path) -> "Checkpoint":
        """Return the checkpoint in a folder, with the files of its subfolders that belong to the model.

        Raises:
            ConversionError: if there are no safetensors files.
        """
        found = [
            path for pattern in ("*", "*/config.json", "*_Dense/*.safetensors") for path in sorted(folder.glob(pattern))
        ]
        files = {path.relative_to(folder).as_posix(): path for path in found if path.is_file()}
        if not any(name.endswith(".safetensors") and "/" not in name for name in files):
            raise ConversionError(f"no safetensors files found in {folder}")
        return cls(files)

    @cached_property
    def config(self) -> dict[str, Any]:
        """The contents of `config.json`.

        Raises:
            ConversionError: if it is missing or broken.
        """
        found = self.json("config.json")
        if not isinstance(found, dict):
            raise ConversionError("config.json is missing: a checkpoint cannot be imported without it")
        return found

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the main folder by name; subfolders hold those of other modules.

        Raises:
            ConversionError: if a file is broken.
        """
        return self.tensors_in("")

    def tensors_in(self, folder: str) -> dict[str, Tensor]:
        """Return the tensors of a folder by name, without those of its subfolders.

        Raises:
            ConversionError: if a file is broken.
        """
        return read_checkpoint({name: path for name, path in self.files.items() if name.rpartition("/")[0] == folder})

    def bytes(self, name: str) -> bytes | None:
        """Return the contents of a file; None if there is no file of that name.

        Raises:
            ConversionError: if it is too large, or cannot be read.
        """
        path = self.files.get(name)
        if path is None:
            return None
        try:
            with path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(0)
                if size > MAX_FILE:
                    raise ConversionError(f"{name} is larger than {MAX_FILE} bytes")
                return file.read(size)
        except OSError as error:
            raise ConversionError(f"{name}: {error.strerror}") from None

    def text(self, name: str) -> str | None:
        """Return the contents of a text file; None if there is no file of that name.

        Raises:
            ConversionError: if it is not UTF-8.
        """
        data = self.bytes(name)
        try:
            return None if data is None else data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConversionError(f"{name} is no UTF-8 text") from None

    def json(self, name: str) -> Any:
        """Return the value in a JSON file; None if there is no file of that name.

        Raises:
            ConversionError: if it is not JSON.
        """
        text = self.text(name)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ConversionError(f"{name} is no JSON: {error}") from None

    def settings(self, name: str) -> dict[str, Any]:
        """Return the object in a JSON file; an empty one if there is no such file, or no object in it.

        Raises:
            ConversionError: if it is not JSON.
        """
        found = self.json(name)
        return found if isinstance(found, dict) else {}
