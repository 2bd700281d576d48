"""Files of models as Ollama makes them: a language model and what it sees with in one file, under names of its own."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gguf
import numpy as np
from gguf import GGUFReader, GGUFValueType, ReaderField

Renames = Sequence[tuple[str, str]]
Tensors = dict[str, np.ndarray[Any, Any]]


def rewritten(
    path: Path,
    sources: Sequence[Path],
    architecture: str,
    *,
    renames: Renames = (),
    drop: Sequence[str] = (),
    keys: Mapping[str, Any] | None = None,
    change: Callable[[Tensors], None] | None = None,
) -> Path:
    """Write one file with the tensors of some, and with the metadata of the first under another architecture's name.

    `renames` are written in names of tensors, each once; `keys` are added, or, where they are None, left out; then
    `change` may do with the tensors what it likes. Those must be of 16- or 32-bit floats.
    """
    readers = [GGUFReader(source) for source in sources]
    before = str(readers[0].fields["general.architecture"].contents())
    writer = gguf.GGUFWriter(path, architecture)
    keys = keys or {}
    for name, found in readers[0].fields.items():
        renamed = f"{architecture}.{name.removeprefix(f'{before}.')}" if name.startswith(f"{before}.") else name
        if not name.startswith("GGUF.") and name != "general.architecture" and name not in drop and renamed not in keys:
            _copy(writer, renamed, found)
    for key, value in keys.items():
        if value is not None:
            _add(writer, key, value)
    tensors = {}
    for reader in readers:
        for tensor in reader.tensors:
            name = tensor.name
            for old, new in renames:
                name = name.replace(old, new, 1)
            assert name not in tensors, name
            tensors[name] = np.array(tensor.data)
    if change is not None:
        change(tensors)
    for name, data in tensors.items():
        writer.add_tensor(name, np.ascontiguousarray(data))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _copy(writer: gguf.GGUFWriter, name: str, found: ReaderField) -> None:
    kind = found.types[0]
    inner = found.types[-1] if kind == GGUFValueType.ARRAY else None
    writer.add_key_value(name, found.contents(), kind, sub_type=inner)


def _add(writer: gguf.GGUFWriter, name: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(name, value)
    elif isinstance(value, int):
        writer.add_uint32(name, value)
    elif isinstance(value, float):
        writer.add_float32(name, value)
    elif isinstance(value, str):
        writer.add_string(name, value)
    else:
        writer.add_array(name, value)
