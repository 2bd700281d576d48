"""Writing a GGUF file from its beginning to its end, to anything that takes bytes: a file, or a pipe."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from gguf.gguf_writer import WriterState

import gguf
from paddock.conversion.checkpoint.numbers import finite32
from paddock.conversion.checkpoint.tensors import Kind, Planned, typed
from paddock.conversion.errors import ConversionError

FILE_TYPES = {
    Kind.F32: gguf.LlamaFileType.ALL_F32,
    Kind.F16: gguf.LlamaFileType.MOSTLY_F16,
    Kind.BF16: gguf.LlamaFileType.MOSTLY_BF16,
}
ALIGNMENT = 32

Value = str | int | float | bool | Sequence[str] | Sequence[int] | Sequence[float] | bytes
Metadata = Mapping[str, Value]


class Sink(Protocol):
    """What the bytes go to."""

    def write(self, data: Any, /) -> object:
        """Take bytes."""


class _Counted:
    """A sink that knows its position, and that the writer may flush and close as it likes."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self.position = 0

    def write(self, data: Any) -> None:
        self.position += len(data)
        self._sink.write(data)

    def flush(self) -> None:
        pass


def write_gguf(
    sink: Sink,
    architecture: str,
    metadata: Metadata,
    tensors: Sequence[Planned],
    kind: Kind,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write a model with its matrices as `kind`; `progress` gets the bytes of tensors written, and of all.

    Raises:
        ConversionError: if a tensor cannot be read or does not fit, or a number of the metadata does not.
    """
    tensors = [typed(tensor, kind) for tensor in tensors]
    writer = gguf.GGUFWriter(None, architecture)
    writer.add_file_type(int(FILE_TYPES[kind]))
    for key, value in metadata.items():
        _add(writer, key, value)
    for tensor in tensors:
        writer.add_tensor_info(tensor.name, tensor.shape, None, tensor.size, raw_dtype=tensor.kind)
    out = _Counted(sink)
    writer.fout, writer.state = [out], WriterState.EMPTY
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    total, done = sum(tensor.size for tensor in tensors), 0
    out.write(bytes(-out.position % ALIGNMENT))
    for tensor in tensors:
        for block in tensor.blocks():
            out.write(block.reshape(-1).view(np.uint8).data)
            done += block.nbytes
            progress(done, total)
        out.write(bytes(-out.position % ALIGNMENT))


def _add(writer: gguf.GGUFWriter, key: str, value: Value) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        if not 0 <= value < 1 << 32:
            raise ConversionError(f"{key} must be a whole number of 0 to 2^32")
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        if not finite32(value):
            raise ConversionError(f"{key} must be a number that a 32-bit float can hold")
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)
