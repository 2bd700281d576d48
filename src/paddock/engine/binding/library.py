"""Loading llama.cpp's shared library, and its log.

`import llama_cpp` would pull in a high-level client with numpy, Jinja2 and a disk cache (60–200 ms). Only the module of
C functions is wanted, so the package is entered without running its `__init__`.
"""

import ctypes
import importlib.util
import logging
import sys
import types
from typing import Any, ClassVar

PACKAGE = "llama_cpp"

log = logging.getLogger("paddock.engine.native")


class LoadError(Exception):
    """The library could not load a model or make a context; the message is one line that names the cause."""


class CannotRead(LoadError):
    """It could not for want of the disk or of memory: it may another time."""


def _import_functions() -> Any:
    if PACKAGE not in sys.modules:
        spec = importlib.util.find_spec(PACKAGE)
        if spec is None or spec.submodule_search_locations is None:
            raise ImportError("llama-cpp-python is not installed")
        package = types.ModuleType(PACKAGE)
        package.__path__ = list(spec.submodule_search_locations)
        sys.modules[PACKAGE] = package
    return importlib.import_module(f"{PACKAGE}.llama_cpp")


lib: Any = _import_functions()
"""The module of C functions and structures."""


class NativeLog:
    """Sends the library's log to Python's, and remembers its errors, which say why a load failed."""

    LEVELS: ClassVar = {1: logging.DEBUG, 2: logging.DEBUG, 3: logging.DEBUG, 4: logging.ERROR}
    """Of `enum ggml_log_level`. Its warnings are about files that work; they are for those who debug."""
    CONTINUED = 5
    KEEP = 20

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._line = ""
        self._level = logging.DEBUG
        self.callback = lib.llama_log_callback(self._receive)
        lib.llama_log_set(self.callback, ctypes.c_void_p(0))

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
        """Say why the last call failed, from the errors logged since `clear`."""
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
    """Whether this build can put layers on a GPU, and there is one."""
    return bool(lib.llama_supports_gpu_offload())


def start_library() -> NativeLog:
    """Start the library once in this process, with its log sent to ours."""
    global _native_log
    if _native_log is None:
        _native_log = NativeLog()
        lib.llama_backend_init()
    return _native_log
