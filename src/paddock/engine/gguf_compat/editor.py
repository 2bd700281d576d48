"""Operations on the header of one of Ollama's files from which its translation to llama.cpp's form is put together."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from math import prod
from typing import TYPE_CHECKING, Any, BinaryIO

from paddock.engine.gguf_compat.header import Data, FileRange, TranslatedHeader, TranslatedTensor
from paddock.engine.gguf_compat.reading import read_at
from paddock.gguf.encoded import EncodedValue, array, text, u32
from paddock.gguf.types import INT32, TENSOR_TYPES

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]
    Bytes = npt.NDArray[np.uint8]

F32, F16, MXFP4 = 0, 1, 39
"""Numbers of ggml types."""
MAX_GROWTH = 8
"""How many times larger than its sources a computed tensor may be: 32-bit floats from 4-bit numbers."""
_BLOCK_BYTES = 1 << 19
"""Bytes of a tensor that are converted at a time: small enough to stay in a processor's cache."""


class HeaderEditor:
    """Edits the header of a file; what it computes is read from the file only when the tensor is read."""

    def __init__(self, file: BinaryIO, header: TranslatedHeader) -> None:
        self.file = file
        self.header = header

    # Metadata.

    def key(self, name: str) -> str:
        """Return `name` as a key of the file's current architecture."""
        return f"{self.header.architecture}.{name}"

    def set(self, key: str, value: EncodedValue) -> None:
        """Set `key`, whatever value it had."""
        self.header.metadata[key] = value

    def default(self, key: str, value: EncodedValue) -> None:
        """Set `key` unless it has a value."""
        self.header.metadata.setdefault(key, value)

    def copy(self, source: str, target: str) -> None:
        """Set `target` to the value of `source`, if that key exists."""
        if source in self.header.metadata:
            self.header.metadata[target] = self.header.metadata[source]

    def move_keys(self, architecture: str, *, except_for: tuple[str, ...] = ()) -> None:
        """Rename the architecture, and copy its keys to the new name except those that start with `except_for`."""
        before = f"{self.header.architecture}."
        for key in [key for key in self.header.metadata if key.startswith(before)]:
            rest = key.removeprefix(before)
            if not rest.startswith(except_for):
                self.header.metadata[f"{architecture}.{rest}"] = self.header.metadata[key]
        self.set_architecture(architecture)

    def set_architecture(self, architecture: str) -> None:
        """Set `general.architecture`."""
        self.set("general.architecture", text(architecture))

    def replace_by_maximum(self, key: str) -> None:
        """Replace an array of numbers by the largest of them, if that is above 0."""
        numbers = self.header.metadata[key].numbers if key in self.header.metadata else []
        if numbers and max(numbers) > 0:
            self.set(key, u32(int(max(numbers))))

    def copy_sections(self, source: str, target: str) -> None:
        """Copy the RoPE sections (dimensions per axis) from `source` to `target`, padding three of them to four."""
        numbers = self.header.metadata[source].numbers if source in self.header.metadata else []
        if len(numbers) == 3:
            self.set(target, array(INT32, [*map(int, numbers), 0]))
        elif len(numbers) == 4:
            self.copy(source, target)

    def truncate_vocabulary(self, count: int) -> None:
        """Keep only the first `count` tokens of the vocabulary."""
        for key in ("tokens", "scores", "token_type"):
            key = f"tokenizer.ggml.{key}"
            if key in self.header.metadata:
                self.set(key, self.header.metadata[key].first(count))

    # Tensors.

    def drop(self, *prefixes: str) -> None:
        """Remove the tensors whose names start with one of `prefixes`."""
        for name in [name for name in self.header.tensors if name.startswith(prefixes)]:
            del self.header.tensors[name]

    def keep(self, *prefixes: str) -> None:
        """Remove the tensors whose names start with none of `prefixes`."""
        for name in [name for name in self.header.tensors if not name.startswith(prefixes)]:
            del self.header.tensors[name]

    def rename(self, old: str, new: str) -> None:
        """Rename a tensor if it exists."""
        if old in self.header.tensors:
            self.header.tensors[new] = self.header.tensors.pop(old)

    def replace_in_names(self, old: str, new: str) -> None:
        """Replace the first `old` in the name of every tensor by `new`."""
        self.header.tensors = {name.replace(old, new, 1): tensor for name, tensor in self.header.tensors.items()}

    def replace_suffix(self, old: str, new: str) -> None:
        """Replace `old` at the end of tensors' names by `new`."""
        for name in [name for name in self.header.tensors if name.endswith(old)]:
            self.rename(name, name.removesuffix(old) + new)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of a tensor; () if there is no such tensor."""
        return self.header.tensors[name].shape if name in self.header.tensors else ()

    def put_floats(
        self, name: str, shape: tuple[int, ...], compute: "Callable[[], Floats]", *sources: TranslatedTensor
    ) -> None:
        """Add a tensor of 32-bit floats that `compute` makes from `sources` when it is read.

        Raises:
            ValueError: if it would be more than `MAX_GROWTH` times larger than the sources.
        """
        size = _floats_size(shape, sources)
        self.header.tensors[name] = TranslatedTensor(F32, shape, (), lambda: _bytes(compute()), size)

    def truncate_rows(self, name: str, count: int) -> None:
        """Keep only the first `count` rows of a matrix."""
        tensor = self.header.tensors[name]
        ((start, size),) = tensor.ranges
        first = FileRange(start, size // tensor.rows * count)
        self.header.tensors[name] = replace(tensor, shape=(tensor.shape[0], count), ranges=(first,))

    def join(self, name: str, *sources: str) -> None:
        """Concatenate tensors along their last dimension into one, if all of them exist.

        Raises:
            ValueError: if they differ in another dimension.
        """
        if any(source not in self.header.tensors for source in sources):
            return
        tensors = [self.header.tensors[source] for source in sources]
        *inner, _ = tensors[0].shape
        if any(tensor.shape[:-1] != tuple(inner) for tensor in tensors):
            raise ValueError(f"the parts of {name} have different shapes")
        shape = (*inner, sum(tensor.shape[-1] for tensor in tensors))
        if len({tensor.type for tensor in tensors}) == 1:
            ranges = tuple(part for tensor in tensors for part in tensor.ranges)
            joined = TranslatedTensor(tensors[0].type, shape, ranges)
        else:
            compute = partial(self._joined, tensors)
            joined = TranslatedTensor(F32, shape, (), compute, _floats_size(shape, tensors))
        for source in sources:
            del self.header.tensors[source]
        self.header.tensors[name] = joined

    def to_float32(self, *names: str) -> None:
        """Convert those of the named tensors that exist to 32-bit floats."""
        for name in names:
            tensor = self.header.tensors.get(name)
            if tensor is not None and tensor.type != F32:
                self.put_floats(name, tensor.shape, partial(self.read_floats, tensor), tensor)

    def reorder_rows(self, names: Iterable[str], order: "Callable[[int], npt.NDArray[np.intp]]") -> None:
        """Reorder the rows of those of the named tensors that exist; `order` gets their number, returns indices."""
        for name in names:
            tensor = self.header.tensors.get(name)
            if tensor is not None:
                compute = partial(self._reordered, tensor, order)
                self.header.tensors[name] = TranslatedTensor(tensor.type, tensor.shape, (), compute, tensor.size)

    def convert_rows(
        self, tensor: TranslatedTensor, convert: "Callable[[Bytes], Bytes]", target_type: int, rows: int
    ) -> TranslatedTensor:
        """Return a tensor with `rows` rows per matrix, which `convert` makes from the bytes of another's rows.

        `convert` gets some rows at a time: a multiple of the source rows that make up one new row.

        Raises:
            ValueError: if the number of source rows is no multiple of `rows`.
        """
        first, _, *outer = tensor.shape
        if tensor.rows % rows:
            raise ValueError(f"{tensor.rows} rows are to become {rows}")
        size = tensor.size // tensor.rows * rows
        compute = partial(self._converted, tensor, convert, tensor.rows // rows, size)
        return TranslatedTensor(target_type, (first, rows, *outer), (), compute, size)

    # Data.

    def read_floats(self, tensor: TranslatedTensor) -> "Floats":
        """Return the values of a tensor of the file, innermost dimension last.

        Raises:
            OSError: if they cannot be read.
        """
        import numpy as np

        data = np.frombuffer(self._read(tensor), np.uint8)
        shape = tensor.shape[::-1]
        if tensor.type == F32:
            return data.view(np.float32).reshape(shape)
        if tensor.type == F16:
            return data.view(np.float16).reshape(shape).astype(np.float32)
        from gguf.constants import GGMLQuantizationType
        from gguf.quants import dequantize

        stored = TENSOR_TYPES[tensor.type]
        rows = data.reshape(*shape[:-1], shape[-1] // stored.block * stored.bytes)
        floats: Any = dequantize(rows, GGMLQuantizationType(tensor.type))
        return np.ascontiguousarray(floats, np.float32)

    def read_row(self, tensor: TranslatedTensor, index: int) -> "Floats":
        """Return the values of one row of a matrix of the file.

        Raises:
            OSError: if they cannot be read.
        """
        ((start, size),) = tensor.ranges
        size //= tensor.rows
        return self.read_floats(
            TranslatedTensor(tensor.type, tensor.shape[:1], (FileRange(start + index * size, size),))
        )

    def _read(self, tensor: TranslatedTensor) -> bytearray:
        data = bytearray(sum(size for _, size in tensor.ranges))
        done = 0
        for start, size in tensor.ranges:
            read_at(self.file, start, memoryview(data)[done : done + size])
            done += size
        return data

    def _joined(self, tensors: list[TranslatedTensor]) -> Data:
        import numpy as np

        return _bytes(np.concatenate([self.read_floats(tensor).reshape(-1) for tensor in tensors]))

    def _converted(
        self, tensor: TranslatedTensor, convert: "Callable[[Bytes], Bytes]", rows_per_row: int, size: int
    ) -> Data:
        import numpy as np

        ((start, source_size),) = tensor.ranges
        row = source_size // prod(tensor.shape[1:])
        step = max(1, _BLOCK_BYTES // (row * rows_per_row)) * row * rows_per_row
        block, result, done = bytearray(min(step, source_size)), memoryview(bytearray(size)), 0
        for position in range(0, source_size, step):
            part = memoryview(block)[: source_size - position]
            read_at(self.file, start + position, part)
            new = _bytes(convert(np.frombuffer(part, np.uint8).reshape(-1, row)))
            result[done : done + len(new)] = new
            done += len(new)
        return result

    def _reordered(self, tensor: TranslatedTensor, order: "Callable[[int], npt.NDArray[np.intp]]") -> Data:
        import numpy as np

        rows = np.frombuffer(self._read(tensor), np.uint8).reshape(tensor.rows, -1)
        return _bytes(rows[order(tensor.rows)])


def _bytes(values: "npt.NDArray[Any]") -> Data:
    """Return the memory of an array, without a copy if it is contiguous."""
    import numpy as np

    return np.ascontiguousarray(values).reshape(-1).view(np.uint8).data


def _floats_size(shape: tuple[int, ...], sources: Sequence[TranslatedTensor]) -> int:
    size = 4 * prod(shape)
    if size > MAX_GROWTH * sum(source.size for source in sources):
        raise ValueError(f"{size} bytes are to be made of far fewer")
    return size
