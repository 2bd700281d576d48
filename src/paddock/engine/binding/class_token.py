"""LLaVA's pictures computed as they were trained: the vector of the whole picture stands where it is counted.

llama.cpp puts that vector (CLIP's class token) behind those of the patches, and then numbers all of them as if it came
first (github.com/ggml-org/llama.cpp, issue 25814): each patch gets its neighbour's place, the first one is left out of
the result, and the class token is taken for the last. Attention does not care for order, so it suffices to put the
right numbers in before they are used: `positions`, which place each vector has, and `patches`, which ones are wanted.
"""

import ctypes
import importlib
from array import array
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from paddock.engine.binding.library import lib

CLASS_TOKEN, POSITIONS, PATCHES = b"v.class_embd", b"positions", b"patches"
"""Names of tensors."""
_F32, _I32 = 0, 26
"""Of `enum ggml_type`."""
_POINTER = ctypes.sizeof(ctypes.c_void_p)
_OBJECT_BYTES = 32
"""What the library keeps beside each tensor."""


class _Room(ctypes.Structure):
    _fields_ = (("size", ctypes.c_size_t), ("memory", ctypes.c_void_p), ("described_only", ctypes.c_bool))


class ClassTokenOrder:
    """Watches a projector's operations before they are computed, and puts the numbers right where they are wrong."""

    def __init__(self) -> None:
        self._ggml, self._sources = _ggml()
        self._behind = False
        """Whether in what is being computed the class token has been put behind the patches."""

    def before(self, operation: int) -> None:
        """Look at an operation (a `ggml_tensor *`) that is about to be computed."""
        if not self._sources:
            return
        second = ctypes.c_void_p.from_address(operation + self._sources + _POINTER).value
        if not second:
            return
        # Where an operation runs on another device than what it needs: `device#name#number`.
        name = self._ggml.ggml_get_name(second)
        name = name.split(b"#")[1] if name.count(b"#") == 2 else name
        if name == CLASS_TOKEN:
            self._behind = True
        elif self._behind and name == POSITIONS:
            count = self._ggml.ggml_nelements(second)
            self._set(second, array("i", [*range(1, count), 0]))
        elif self._behind and name == PATCHES:
            self._set(second, array("i", range(self._ggml.ggml_nelements(second))))
            self._behind = False

    def _set(self, tensor: int, numbers: "array[int]") -> None:
        data = numbers.tobytes()
        self._ggml.ggml_backend_tensor_set(tensor, data, 0, len(data))


@cache
def _ggml() -> tuple[Any, int]:
    """The library of tensors, and where in a tensor the pointers to its operands are; 0 if that is not to be found."""
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
