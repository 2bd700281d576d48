"""A language model in llama.cpp's form and in Ollama's, and ways in which their tensors differ."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import gguf
from gguf import GGUFReader
from tests.models.llama import add_vocabulary
from tests.models.ollama_files import Renames, Tensors, rewritten
from tests.models.random_architectures import SCALES, random_model


def seeing(*names: str) -> Callable[[Tensors], None]:
    """Add tensors of encoders to a file; by default those that most such files have."""

    def change(tensors: Tensors) -> None:
        for name in names or ("v.patch_embd.weight", "v.blk.0.attn_norm.weight", "mm.0.weight"):
            tensors[name] = np.ones((8, 8), np.float32)

    return change


def splitting(tensors: Tensors, old: str, *new: str) -> None:
    """Split tensors into halves by their rows."""
    for name in [name for name in tensors if old in name]:
        halves = np.split(tensors.pop(name), len(new), axis=-2)
        tensors.update({name.replace(old, part): half for part, half in zip(new, halves, strict=True)})


@dataclass(frozen=True)
class Case:
    """A model in llama.cpp's form, and how Ollama's file of it differs."""

    architecture: str
    keys: Mapping[str, Any]
    ollama: str = ""
    """Its architecture in Ollama's file; the same if ""."""
    said: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the architecture that are there as well, or, where they are None, not there."""
    renames: Renames = ()
    change: Callable[[Tensors], None] | None = None
    loads: bool = False
    """Whether llama.cpp takes Ollama's file, and computes something else."""
    without: Sequence[str] = SCALES
    vocabulary: Callable[[gguf.GGUFWriter], int] = add_vocabulary
    more_tokens: int = 0
    """Tensors of encoders, which the language model does not have."""
    bytes_are_text: bool = False

    def write_own(self, path: Path) -> Path:
        """Write llama.cpp's file."""
        return random_model(path, self.architecture, self.keys, without=self.without, vocabulary=self.vocabulary)

    def write(self, folder: Path) -> tuple[Path, Path]:
        """Write both files: llama.cpp's, and Ollama's."""
        ours = self.write_own(folder / "ours.gguf")
        name = self.ollama or self.architecture
        keys = {key if "tokenizer." in key else f"{name}.{key}": value for key, value in self.said.items()}
        if self.more_tokens:
            keys.update(longer_vocabulary(ours, self.more_tokens, bytes_are_text=self.bytes_are_text))
        theirs = folder / "theirs.gguf"
        return ours, rewritten(theirs, [ours], name, renames=self.renames, keys=keys, change=self.change)


def longer_vocabulary(path: Path, count: int, *, bytes_are_text: bool = False) -> dict[str, Any]:
    """Keys of a vocabulary that has `count` more tokens, for images."""
    fields = GGUFReader(path).fields
    added: dict[str, list[Any]] = {
        "tokens": [f"<image_{index}>" for index in range(count)],
        "scores": [0.0] * count,
        "token_type": [3] * count,
    }
    longer = {key: [*fields[f"tokenizer.ggml.{key}"].contents(), *values] for key, values in added.items()}
    if bytes_are_text:
        longer["token_type"] = [1 if kind == 6 else kind for kind in longer["token_type"]]
    return {f"tokenizer.ggml.{key}": values for key, values in longer.items()}


def more_rows(tensors: Tensors) -> None:
    """Give the table of tokens rows for images."""
    table = tensors["token_embd.weight"]
    tensors["token_embd.weight"] = np.concatenate([table, np.ones((3, table.shape[1]), np.float32)])


def gemma4(tensors: Tensors) -> None:
    splitting(tensors, "ffn_gate_up_exps", "ffn_gate_exps", "ffn_up_exps")
    seeing("v.patch_embd.weight", "a.blk.0.conv_dw.weight", "mm.input_projection.weight")(tensors)


def glm_ocr(tensors: Tensors) -> None:
    splitting(tensors, "ffn_up", "ffn_gate", "ffn_up")
    seeing()(tensors)


def smaller(end: str, then: Callable[[Tensors], None] = lambda tensors: None) -> Callable[[Tensors], None]:
    """Write tensors whose names end so with 16 bits for each number."""

    def change(tensors: Tensors) -> None:
        tensors.update({name: data.astype(np.float16) for name, data in tensors.items() if name.endswith(end)})
        then(tensors)

    return change
