"""What can be done to a head to say the same in llama.cpp's words."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paddock.engine.dialects.head import INT32 as _INT32
from paddock.engine.dialects.head import Head, Piece, Tensor, Value, array, u32

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

F32, F16, MXFP4 = 0, 1, 39
"""Of ggml's types."""
OLD_MXFP4, MXFP4_BLOCK = 4, (32, 17)
"""Ollama's first number for MXFP4, which ggml had given to another type before; numbers in a block, and its bytes."""


class Changes:
    """A head that is being changed, and the file that it is the head of."""

    def __init__(self, path: Path, head: Head) -> None:
        self.path = path
        self.head = head

    # Metadata.

    def key(self, name: str) -> str:
        """Return a key of the architecture, as it is now."""
        return f"{self.head.architecture}.{name}"

    def set(self, key: str, value: Value) -> None:
        """Say that `key` has a value, whatever it had."""
        self.head.metadata[key] = value

    def default(self, key: str, value: Value) -> None:
        """Say that `key` has a value unless it has one."""
        self.head.metadata.setdefault(key, value)

    def copy(self, source: str, target: str) -> None:
        """Say the same under `target` as under `source`, if that is there."""
        if source in self.head.metadata:
            self.head.metadata[target] = self.head.metadata[source]

    def keys_of(self, architecture: str, *, but: tuple[str, ...] = ()) -> None:
        """Make the file one of another architecture: what is said of its own is said of that one, `but` for some."""
        before = f"{self.head.architecture}."
        for key in [key for key in self.head.metadata if key.startswith(before)]:
            rest = key.removeprefix(before)
            if not rest.startswith(but):
                self.head.metadata[f"{architecture}.{rest}"] = self.head.metadata[key]
        self.set_architecture(architecture)

    def set_architecture(self, architecture: str) -> None:
        """Say of which architecture the file is."""
        data = architecture.encode()
        self.set("general.architecture", Value(8, len(data).to_bytes(8, "little") + data))

    def highest(self, key: str) -> None:
        """Put the highest number of an array in its place."""
        numbers = self.head.metadata[key].numbers if key in self.head.metadata else []
        if numbers and max(numbers) > 0:
            self.set(key, u32(int(max(numbers))))

    def sections(self, source: str, target: str) -> None:
        """Say how many dimensions turn by each of the places in an array of four, where it has three."""
        numbers = self.head.metadata[source].numbers if source in self.head.metadata else []
        if len(numbers) == 3:
            self.set(target, array(_INT32, [*map(int, numbers), 0]))
        elif len(numbers) == 4:
            self.copy(source, target)

    def first_tokens(self, count: int) -> None:
        """Leave the first tokens of the vocabulary."""
        for key in ("tokens", "scores", "token_type"):
            key = f"tokenizer.ggml.{key}"
            if key in self.head.metadata:
                self.set(key, self.head.metadata[key].first(count))

    # Tensors.

    def drop(self, *beginnings: str) -> None:
        """Leave out the tensors whose names begin so."""
        for name in [name for name in self.head.tensors if name.startswith(beginnings)]:
            del self.head.tensors[name]

    def keep(self, *beginnings: str) -> None:
        """Leave out the tensors whose names begin otherwise."""
        for name in [name for name in self.head.tensors if not name.startswith(beginnings)]:
            del self.head.tensors[name]

    def rename(self, old: str, new: str) -> None:
        """Give the tensor `old`, if there is one, another name."""
        if old in self.head.tensors:
            self.head.tensors[new] = self.head.tensors.pop(old)

    def replace(self, old: str, new: str) -> None:
        """Write `new` for the first `old` in the names of tensors."""
        self.head.tensors = {name.replace(old, new, 1): tensor for name, tensor in self.head.tensors.items()}

    def rename_end(self, old: str, new: str) -> None:
        """Write `new` for `old` where names of tensors end with it."""
        for name in [name for name in self.head.tensors if name.endswith(old)]:
            self.rename(name, name.removesuffix(old) + new)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor; () if there is none of that name."""
        return self.head.tensors[name].shape if name in self.head.tensors else ()

    def put(self, name: str, shape: tuple[int, ...], make: "Callable[[], npt.NDArray[np.float32]]") -> None:
        """Say that there is a tensor of 32-bit floats that is made by `make` when it is wanted."""
        self.head.tensors[name] = Tensor(F32, shape, (), lambda: make().tobytes(), 4 * prod(shape))

    def first_rows(self, name: str, count: int) -> None:
        """Leave the first rows of a tensor of two dimensions."""
        tensor = self.head.tensors[name]
        ((start, size),) = tensor.pieces
        piece: Piece = (start, size // tensor.rows * count)
        self.head.tensors[name] = replace(tensor, shape=(tensor.shape[0], count), pieces=(piece,))

    def join(self, name: str, *sources: str) -> None:
        """Put tensors one behind the other into one, by their last dimension, if they are all there."""
        if any(source not in self.head.tensors for source in sources):
            return
        tensors = [self.head.tensors[source] for source in sources]
        *inner, _ = tensors[0].shape
        shape = (*inner, sum(tensor.shape[-1] for tensor in tensors))
        if len({tensor.kind for tensor in tensors}) == 1:
            joined = Tensor(tensors[0].kind, shape, tuple(piece for tensor in tensors for piece in tensor.pieces))
        else:
            joined = Tensor(F32, shape, (), partial(self._joined, tensors), 4 * prod(shape))
        for source in sources:
            del self.head.tensors[source]
        self.head.tensors[name] = joined

    def as_floats(self, *names: str) -> None:
        """Make tensors, those of them that there are, ones of 32-bit floats."""
        for name in names:
            tensor = self.head.tensors.get(name)
            if tensor is not None and tensor.kind != F32:
                self.put(name, tensor.shape, partial(self.floats, tensor))

    def reorder_rows(self, names: Iterable[str], order: "Callable[[int], npt.NDArray[np.intp]]") -> None:
        """Put the rows of tensors, those of them that there are, in another order, made from how many they are."""
        for name in names:
            tensor = self.head.tensors.get(name)
            if tensor is not None:
                make = partial(self._reordered, tensor, order)
                self.head.tensors[name] = Tensor(tensor.kind, tensor.shape, (), make, tensor.size)

    def remade(
        self, tensor: Tensor, change: "Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]", kind: int, rows: int
    ) -> Tensor:
        """Return a tensor with so many rows in a matrix, which `change` makes of the bytes of all rows of another."""
        first, _, *outer = tensor.shape
        size = tensor.size // tensor.rows * rows
        return Tensor(kind, (first, rows, *outer), (), partial(self._remade, tensor, change), size)

    # Data.

    def floats(self, tensor: Tensor) -> "npt.NDArray[np.float32]":
        """Return the numbers of a tensor of the file, innermost dimension last.

        Raises:
            OSError: if they cannot be read.
        """
        import numpy as np
        from gguf.constants import GGML_QUANT_SIZES, GGMLQuantizationType
        from gguf.quants import dequantize

        data = np.frombuffer(self._bytes(tensor), np.uint8)
        kind = GGMLQuantizationType(tensor.kind)
        shape = tensor.shape[::-1]
        if tensor.kind == F32:
            return data.view(np.float32).reshape(shape)
        if tensor.kind == F16:
            return data.view(np.float16).reshape(shape).astype(np.float32)
        block, size = GGML_QUANT_SIZES[kind]
        rows = data.reshape(*shape[:-1], shape[-1] // block * size)
        floats: Any = dequantize(rows, kind)
        return np.ascontiguousarray(floats, np.float32)

    def row(self, tensor: Tensor, index: int) -> "npt.NDArray[np.float32]":
        """Return the numbers of one row of a tensor of the file.

        Raises:
            OSError: if they cannot be read.
        """
        ((start, size),) = tensor.pieces
        size //= tensor.rows
        return self.floats(Tensor(tensor.kind, tensor.shape[:1], ((start + index * size, size),)))

    def _bytes(self, tensor: Tensor) -> bytes:
        read = []
        with self.path.open("rb") as file:
            for start, size in tensor.pieces:
                read.append(os.pread(file.fileno(), size, start))
                if len(read[-1]) < size:
                    raise OSError("the data of a tensor ends too early")
        return b"".join(read)

    def _joined(self, tensors: list[Tensor]) -> bytes:
        return b"".join(self.floats(tensor).tobytes() for tensor in tensors)

    def _remade(self, tensor: Tensor, change: "Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]") -> bytes:
        import numpy as np

        rows = np.frombuffer(self._bytes(tensor), np.uint8).reshape(prod(tensor.shape[1:]), -1)
        return change(rows).tobytes()

    def _reordered(self, tensor: Tensor, order: "Callable[[int], npt.NDArray[np.intp]]") -> bytes:
        import numpy as np

        rows = np.frombuffer(self._bytes(tensor), np.uint8).reshape(tensor.rows, -1)
        return rows[order(tensor.rows)].tobytes()
