"""A checkpoint as it lies on disk: its files by name, its settings, its tensors."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from paddock.conversion.checkpoint.safetensors import Tensor, read_checkpoint
from paddock.conversion.errors import ConversionError

MAX_JSON = 256 << 20
"""Bytes of a settings file or tokenizer; the largest tokenizers have 35 MB."""


class Checkpoint:
    """Files (name → where each lies; subfolders with `/`) that make up a model."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self.files = {name.removeprefix("./").replace("\\", "/"): path for name, path in files.items()}

    @classmethod
    def of_folder(cls, folder: Path) -> "Checkpoint":
        """Take all files of a folder and of those directly in it that say something of the model.

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
        """What `config.json` says.

        Raises:
            ConversionError: if it is missing or broken.
        """
        found = self.json("config.json")
        if not isinstance(found, dict):
            raise ConversionError("config.json is missing: a checkpoint cannot be imported without it")
        return found

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """The tensors of the main folder by name: what lies in subfolders belongs to other parts.

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
        """Return what a file holds; None if there is none of the name.

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
                if size > MAX_JSON:
                    raise ConversionError(f"{name} is larger than {MAX_JSON} bytes")
                return file.read(size)
        except OSError as error:
            raise ConversionError(f"{name}: {error.strerror}") from None

    def text(self, name: str) -> str | None:
        """Return what a text file holds; None if there is none of the name.

        Raises:
            ConversionError: if it is no UTF-8.
        """
        data = self.bytes(name)
        try:
            return None if data is None else data.decode("utf-8-sig")
        except UnicodeDecodeError:
            raise ConversionError(f"{name} is no UTF-8 text") from None

    def json(self, name: str) -> Any:
        """Return what a JSON file holds; None if there is none of the name.

        Raises:
            ConversionError: if it is no JSON.
        """
        text = self.text(name)
        if text is None:
            return None
        try:
            return msgspec.json.decode(text)
        except (msgspec.MsgspecError, RecursionError) as error:
            raise ConversionError(f"{name} is no JSON: {error}") from None

    def settings(self, name: str) -> dict[str, Any]:
        """Return what a JSON file holds if that is an object; an empty one if there is none.

        Raises:
            ConversionError: if it is no JSON.
        """
        found = self.json(name)
        return found if isinstance(found, dict) else {}
