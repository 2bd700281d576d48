"""The library's operations as its callback shows them before they are computed: their operands, and what is in them."""

import ctypes
import importlib
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from paddock.engine.binding.library import lib

_F32, _I32 = 0, 26
"""Of `enum ggml_type`."""
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_OBJECT_BYTES = 32
"""What the library keeps beside each tensor."""


class Operations:
    """Looks at operations and tensors, which are `ggml_tensor *`, and writes into the latter."""

    def __init__(self) -> None:
        self._ggml, self._sources = tensor_library()

    def operand(self, operation: int, number: int) -> int | None:
        """Return an operand of an operation, counted from 0; None if it has none or they are not to be found."""
        if not self._sources:
            return None
        return ctypes.c_void_p.from_address(operation + self._sources + number * _POINTER).value

    def name(self, tensor: int) -> bytes:
        """Return the name of a tensor, also of one that was copied to the device where it is needed."""
        name: bytes = self._ggml.ggml_get_name(tensor)
        return name.split(b"#")[1] if name.count(b"#") == 2 else name  # device#name#number

    def count(self, tensor: int) -> int:
        """Return how many numbers a tensor has."""
        return int(self._ggml.ggml_nelements(tensor))

    def size(self, tensor: int) -> int:
        """Return how many bytes a tensor has."""
        return int(self._ggml.ggml_nbytes(tensor))

    def write(self, tensor: int, data: bytes) -> None:
        """Put these bytes into a tensor, from its beginning on."""
        self._ggml.ggml_backend_tensor_set(tensor, data, 0, len(data))


class _Room(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("memory", ctypes.c_void_p), ("described_only", ctypes.c_bool))


@cache
def tensor_library() -> tuple[Any, int]:
    """Return the library of tensors, and where in a tensor the pointers to its operands are; 0 if that is not found."""
    ctypes_extensions = importlib.import_module(f"{lib.__package__}._ctypes_extensions")
    folder = Path(lib.__file__).parent / "lib"
    try:
        found = ctypes_extensions.load_shared_library("ggml-base", folder)
        types: dict[str, tuple[Any, tuple[Any, ...]]] = {
            "ggml_init": (ctypes.c_void_p, (_Room,)),
            "ggml_free": (None, (ctypes.c_void_p,)),
            "ggml_tensor_overhead": (ctypes.c_size_t, ()),
            "ggml_new_tensor_1d": (ctypes.c_void_p, (ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)),
            "ggml_get_rows": (ctypes.c_void_p, (ctypes.c_void_p,) * 3),
            "ggml_get_name": (ctypes.c_char_p, (ctypes.c_void_p,)),
            "ggml_nelements": (ctypes.c_int64, (ctypes.c_void_p,)),
            "ggml_nbytes": (ctypes.c_size_t, (ctypes.c_void_p,)),
            "ggml_backend_tensor_set": (None, (ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_size_t)),
        }
        for name, (result, arguments) in types.items():
            function = getattr(found, name)
            function.restype, function.argtypes = result, arguments
    except (OSError, FileNotFoundError, AttributeError):
        return None, 0
    return found, _sources(found)


def _sources(ggml: Any) -> int:
    """Where in a tensor its operands are, seen in one whose operands are known: the layout is the library's own."""
    size = ggml.ggml_tensor_overhead()
    context = ggml.ggml_init(_Room(8 * size, None, True))
    try:
        rows, numbers = (ggml.ggml_new_tensor_1d(context, kind, 4) for kind in (_F32, _I32))
        operation = ggml.ggml_get_rows(context, rows, numbers)
        words = (ctypes.c_size_t * ((size - _OBJECT_BYTES) // _POINTER)).from_address(operation)
        return next((index * _POINTER for index, pair in enumerate(pairwise(words)) if pair == (rows, numbers)), 0)
    finally:
        ggml.ggml_free(context)
