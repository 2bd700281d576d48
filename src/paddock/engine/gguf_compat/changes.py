"""What can be done to a head to say the same in llama.cpp's words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO

from paddock.engine.gguf_compat.head import INT32, Data, Head, Piece, Tensor, Value, array, text, u32
from paddock.engine.gguf_compat.reading import fill
from paddock.gguf.types import TENSOR_TYPES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

F32, F16, MXFP4 = 0, 1, 39
"""Of ggml's types."""
MOST_GROWTH = 8
"""How many times as large as what it is made of something may be: 32-bit floats of numbers of 4 bits."""
_SLICE = 1 << 19
"""Bytes of a tensor that are changed at once: so much stays in a processor's cache."""


class Changes:
    """A head that is being changed, and the file that it is the head of."""

    def __init__(self, file: BinaryIO, head: Head) -> None:
        self.file = file
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
        self.set("general.architecture", text(architecture))

    def highest(self, key: str) -> None:
        """Put the highest number of an array in its place."""
        numbers = self.head.metadata[key].numbers if key in self.head.metadata else []
        if numbers and max(numbers) > 0:
            self.set(key, u32(int(max(numbers))))

    def sections(self, source: str, target: str) -> None:
        """Say how many dimensions turn by each of the places in an array of four, where it has three."""
        numbers = self.head.metadata[source].numbers if source in self.head.metadata else []
        if len(numbers) == 3:
            self.set(target, array(INT32, [*map(int, numbers), 0]))
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

    def put(
        self, name: str, shape: tuple[int, ...], make: "Callable[[], npt.NDArray[np.float32]]", *sources: Tensor
    ) -> None:
        """Say that there is a tensor of 32-bit floats that is made of others by `make` when it is wanted.

        Raises:
            ValueError: if it would be far larger than those.
        """
        self.head.tensors[name] = Tensor(F32, shape, (), lambda: _bytes(make()), _floats_size(shape, sources))

    def first_rows(self, name: str, count: int) -> None:
        """Leave the first rows of a tensor of two dimensions."""
        tensor = self.head.tensors[name]
        ((start, size),) = tensor.pieces
        piece: Piece = (start, size // tensor.rows * count)
        self.head.tensors[name] = replace(tensor, shape=(tensor.shape[0], count), pieces=(piece,))

    def join(self, name: str, *sources: str) -> None:
        """Put tensors one behind the other into one, by their last dimension, if they are all there.

        Raises:
            ValueError: if they differ in another dimension.
        """
        if any(source not in self.head.tensors for source in sources):
            return
        tensors = [self.head.tensors[source] for source in sources]
        *inner, _ = tensors[0].shape
        if any(tensor.shape[:-1] != tuple(inner) for tensor in tensors):
            raise ValueError(f"the parts of {name} have different shapes")
        shape = (*inner, sum(tensor.shape[-1] for tensor in tensors))
        if len({tensor.kind for tensor in tensors}) == 1:
            joined = Tensor(tensors[0].kind, shape, tuple(piece for tensor in tensors for piece in tensor.pieces))
        else:
            joined = Tensor(F32, shape, (), partial(self._joined, tensors), _floats_size(shape, tensors))
        for source in sources:
            del self.head.tensors[source]
        self.head.tensors[name] = joined

    def as_floats(self, *names: str) -> None:
        """Make tensors, those of them that there are, ones of 32-bit floats."""
        for name in names:
            tensor = self.head.tensors.get(name)
            if tensor is not None and tensor.kind != F32:
                self.put(name, tensor.shape, partial(self.floats, tensor), tensor)

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
        """Return a tensor with so many `rows` in a matrix, which `change` makes of the bytes of those of another.

        It is called for some of the rows at a time, which are a multiple of those that one of the new ones is made of.

        Raises:
            ValueError: if there is no such multiple.
        """
        first, _, *outer = tensor.shape
        if tensor.rows % rows:
            raise ValueError(f"{tensor.rows} rows are to become {rows}")
        size = tensor.size // tensor.rows * rows
        make = partial(self._remade, tensor, change, tensor.rows // rows, size)
        return Tensor(kind, (first, rows, *outer), (), make, size)

    # Data.

    def floats(self, tensor: Tensor) -> "npt.NDArray[np.float32]":
        """Return the numbers of a tensor of the file, innermost dimension last.

        Raises:
            OSError: if they cannot be read.
        """
        import numpy as np

        data = np.frombuffer(self._read(tensor), np.uint8)
        shape = tensor.shape[::-1]
        if tensor.kind == F32:
            return data.view(np.float32).reshape(shape)
        if tensor.kind == F16:
            return data.view(np.float16).reshape(shape).astype(np.float32)
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize

        stored = TENSOR_TYPES[tensor.kind]
        rows = data.reshape(*shape[:-1], shape[-1] // stored.block * stored.bytes)
        floats: Any = dequantize(rows, GGMLQuantizationType(tensor.kind))
        return np.ascontiguousarray(floats, np.float32)

    def row(self, tensor: Tensor, index: int) -> "npt.NDArray[np.float32]":
        """Return the numbers of one row of a tensor of the file.

        Raises:
            OSError: if they cannot be read.
        """
        ((start, size),) = tensor.pieces
        size //= tensor.rows
        return self.floats(Tensor(tensor.kind, tensor.shape[:1], ((start + index * size, size),)))

    def _read(self, tensor: Tensor) -> bytearray:
        data = bytearray(sum(size for _, size in tensor.pieces))
        done = 0
        for start, size in tensor.pieces:
            fill(memoryview(data)[done : done + size], self.file, start)
            done += size
        return data

    def _joined(self, tensors: list[Tensor]) -> Data:
        import numpy as np

        return _bytes(np.concatenate([self.floats(tensor).reshape(-1) for tensor in tensors]))

    def _remade(
        self,
        tensor: Tensor,
        change: "Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.uint8]]",
        together: int,
        made_size: int,
    ) -> Data:
        import numpy as np

        ((start, size),) = tensor.pieces
        row = size // prod(tensor.shape[1:])
        step = max(1, _SLICE // (row * together)) * row * together
        some, made, done = bytearray(min(step, size)), memoryview(bytearray(made_size)), 0
        for place in range(0, size, step):
            part = memoryview(some)[: size - place]
            fill(part, self.file, start + place)
            new = _bytes(change(np.frombuffer(part, np.uint8).reshape(-1, row)))
            made[done : done + len(new)] = new
            done += len(new)
        return made

    def _reordered(self, tensor: Tensor, order: "Callable[[int], npt.NDArray[np.intp]]") -> Data:
        import numpy as np

        rows = np.frombuffer(self._read(tensor), np.uint8).reshape(tensor.rows, -1)
        return _bytes(rows[order(tensor.rows)])


def _bytes(numbers: "npt.NDArray[Any]") -> Data:
    """Return what an array has in memory, without a copy if it is in one piece."""
    import numpy as np

    return np.ascontiguousarray(numbers).reshape(-1).view(np.uint8).data


def _floats_size(shape: tuple[int, ...], sources: Sequence[Tensor]) -> int:
    size = 4 * prod(shape)
    if size > MOST_GROWTH * sum(source.size for source in sources):
        raise ValueError(f"{size} bytes are to be made of far fewer")
    return size
