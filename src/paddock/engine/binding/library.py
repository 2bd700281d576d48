"""Load llama.cpp's shared library, and forward its log.

The binding calls only the modules of C functions, `llama_cpp.llama_cpp` and `llama_cpp.mtmd_cpp`. The `__init__` of
their package would also import a high-level client with numpy, Jinja2 and a disk cache (60–200 ms), so an empty package
stands in for it here, once. No other room imports `llama_cpp`.
"""

import ctypes
import importlib.util
import logging
import os
import re
import sys
import types
from pathlib import Path
from typing import Any, ClassVar

from paddock.processors import processors

log = logging.getLogger("paddock.engine.native")


def _skip_package_init() -> None:
    """Put an empty package in the place of `llama_cpp`, so that its submodules are imported without its `__init__`."""
    if "llama_cpp" in sys.modules:
        return
    spec = importlib.util.find_spec("llama_cpp")
    if spec is None or spec.submodule_search_locations is None:
        raise ImportError("llama-cpp-python is not installed")
    package = types.ModuleType("llama_cpp")
    package.__path__ = list(spec.submodule_search_locations)
    sys.modules["llama_cpp"] = package


_skip_package_init()

import llama_cpp.llama_cpp as _functions  # noqa: E402

lib: Any = _functions
"""The module of C functions and structures."""

_BACKEND = re.compile(r"(?:lib)?ggml-([a-z]+)")
_CPU_BACKENDS = {"base", "cpu", "blas", "rpc", "zdnn", "zendnn"}
"""Names in files of ggml's library that are no kernels for GPUs; all others are."""


class LoadError(Exception):
    """A model could not be loaded or a context not be made; the message is one line that names the cause."""


class CannotRead(LoadError):
    """Disk or memory failed while a file was read, so loading may work another time."""


class NativeLog:
    """Forwards the library's log to Python's, and remembers its errors, which say why a load failed."""

    LEVELS: ClassVar = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.DEBUG, 4: logging.ERROR}
    """Levels of `enum ggml_log_level`. Warnings are about files that work, so they are for debugging."""
    CONTINUED = 5
    KEEP = 20

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._line = ""
        self._level = logging.DEBUG
        self.callback = lib.llama_log_callback(self._receive)

    def _receive(self, level: int, text: bytes | None, _: object) -> None:
        if text is None:
            return
        if level != self.CONTINUED:
            self._level = self.LEVELS.get(level, logging.DEBUG)
        self._line += text.decode("utf-8", "replace")
        *lines, self._line = self._line.split("\n")
        for line in filter(str.strip, lines):
            if self._level >= logging.ERROR:
                self.errors = [*self.errors[-self.KEEP :], line.strip()]
            log.log(self._level, "%s", line.rstrip())

    def explain(self, otherwise: str) -> str:
        """Return why the last call failed, from the errors logged since `clear`; `otherwise` if there are none."""
        for line in self.errors:
            # "llama_model_load: error loading model: missing tensor 'output_norm.weight'"
            head, _, cause = line.partition(": ")
            if cause:
                return cause.removeprefix("error loading model: ") if " " not in head else line
        return self.errors[0] if self.errors else otherwise

    def clear(self) -> None:
        """Forget the errors so far."""
        self.errors = []


_native_log: NativeLog | None = None


def gpu_offload() -> bool:
    """Return whether this build can put layers on a GPU, and there is one."""
    return bool(lib.llama_supports_gpu_offload())


def is_gpu_build() -> bool:
    """Return whether this build has kernels for GPUs. The files of the library tell, so that no driver is started."""
    folder = Path(os.environ.get("LLAMA_CPP_LIB_PATH") or Path(lib.__file__).parent / "lib")
    kinds = {match[1] for file in folder.glob("*ggml-*") if (match := _BACKEND.match(file.name))}
    return bool(kinds - _CPU_BACKENDS)


def uses_amx() -> bool:
    """Return whether this build multiplies matrices by AMX on this processor.

    Those kernels of llama.cpp crash on many processors that have AMX, at the first token:
    https://github.com/ggml-org/llama.cpp/issues/20824.
    """
    return b"AMX_INT8 = 1" in lib.llama_print_system_info()


def usable_threads(threads: int) -> int:
    """Return `threads`, but at most one for each processor: some ten thousand threads end the process."""
    return max(1, min(threads, processors()))


def start_library() -> NativeLog:
    """Start the library once in this process, and forward its log from now on, whoever took it in between."""
    global _native_log
    if _native_log is None:
        _native_log = NativeLog()
        lib.llama_backend_init()
    lib.llama_log_set(_native_log.callback, ctypes.c_void_p(0))
    return _native_log
