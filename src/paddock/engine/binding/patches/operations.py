"""Read and write the operands of the library's operations, which its evaluation callback shows before each one."""

import ctypes
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from paddock.engine.binding.library import lib

_F32, _I32 = 0, 26
"""Values of `enum ggml_type`."""
_POINTER_BYTES = ctypes.sizeof(ctypes.c_void_p)
_OBJECT_BYTES = 32
"""Size of the header that the library keeps with each tensor."""


class Operations:
    """Reads operations and tensors, which are `ggml_tensor *`, and writes into tensors."""

    def __init__(self) -> None:
        self._ggml, self._offset = tensor_library()

    def operand(self, operation: int, number: int) -> int | None:
        """Return an operand of an operation, counted from 0; None if there is none, or operands cannot be found."""
        if not self._offset:
            return None
        return ctypes.c_void_p.from_address(operation + self._offset + number * _POINTER_BYTES).value

    def name(self, tensor: int) -> bytes:
        """Return the name of a tensor; the name of the original for a copy on another device."""
        name: bytes = self._ggml.ggml_get_name(tensor)
        return name.split(b"#")[1] if name.count(b"#") == 2 else name  # device#name#number

    def count(self, tensor: int) -> int:
        """Return the number of elements of a tensor."""
        return int(self._ggml.ggml_nelements(tensor))

    def size(self, tensor: int) -> int:
        """Return the size of a tensor in bytes."""
        return int(self._ggml.ggml_nbytes(tensor))

    def write(self, tensor: int, data: bytes) -> None:
        """Write bytes to the beginning of a tensor."""
        self._ggml.ggml_backend_tensor_set(tensor, data, 0, len(data))


class _InitParams(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("memory", ctypes.c_void_p), ("no_alloc", ctypes.c_bool))


@cache
def tensor_library() -> tuple[Any, int]:
    """Return the ggml library, and the offset of the pointers to operands in a tensor; 0 if that cannot be found."""
    from llama_cpp._ctypes_extensions import load_shared_library

    folder = Path(lib.__file__).parent / "lib"
    try:
        found = load_shared_library("ggml-base", folder)
        types: dict[str, tuple[Any, tuple[Any, ...]]] = {
            "ggml_init": (ctypes.c_void_p, (_InitParams,)),
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
    return found, _operands_offset(found)


def _operands_offset(ggml: Any) -> int:
    """Return the offset of the operands, found by looking into an operation whose operands are known."""
    size = ggml.ggml_tensor_overhead()
    context = ggml.ggml_init(_InitParams(8 * size, None, True))
    try:
        rows, numbers = (ggml.ggml_new_tensor_1d(context, kind, 4) for kind in (_F32, _I32))
        operation = ggml.ggml_get_rows(context, rows, numbers)
        words = (ctypes.c_size_t * ((size - _OBJECT_BYTES) // _POINTER_BYTES)).from_address(operation)
        return next(
            (index * _POINTER_BYTES for index, pair in enumerate(pairwise(words)) if pair == (rows, numbers)), 0
        )
    finally:
        ggml.ggml_free(context)
