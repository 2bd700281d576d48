"""The library's own quantization of a model file."""

import ctypes
import logging
import re
from collections.abc import Callable

from paddock.engine.binding.library import LoadError, lib, start_library
from paddock.engine.binding.library import log as native

_DONE = re.compile(r"\[ *\d+/ *\d+\] +(\S+) .*size =")
"""`[   1/  21] output.weight - [...], type = f32, converting to q6_K .. size = 0.41 MiB -> 0.08 MiB`"""
BUFFER = 512 << 20
"""Bytes of rows that it holds at once; of itself it takes up to 8 GiB."""
_RESULT = re.compile(r"quant size *= *([0-9.]+) MiB")


def quantize(source: str, target: str, file_type: int, threads: int, done: Callable[[str], None]) -> None:
    """Write the model file `source` to `target` with its tensors as `enum llama_ftype` number `file_type` has them.

    Args:
        source: of a model in several files, the first of them.
        done: called with the name of each tensor that has been written.

    Raises:
        LoadError: if the library refuses or fails; what it has written by then stays.
    """

    def receive(line: str) -> None:
        if found := _DONE.match(line):
            done(found[1])

    _run(source, target, _parameters(file_type, threads), receive)


def quantized_size(source: str, file_type: int) -> int:
    """Return about how many bytes the tensors will have, to the hundredth of a MiB, without computing them.

    Raises:
        LoadError: if the library cannot read the model.
    """
    parameters = _parameters(file_type, 1)
    parameters.dry_run = True
    sizes = []

    def receive(line: str) -> None:
        if found := _RESULT.search(line):
            sizes.append(float(found[1]))

    _run(source, "", parameters, receive)
    if not sizes:
        raise LoadError("the library does not say how large the result will be")
    return int((sizes[-1] + 0.01) * (1 << 20))


class _Lines(logging.Handler):
    """Hands on what the library logs."""

    def __init__(self, receive: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._receive = receive

    def emit(self, record: logging.LogRecord) -> None:
        self._receive(record.getMessage())


def _parameters(file_type: int, threads: int) -> ctypes.Structure:
    parameters: ctypes.Structure = lib.llama_model_quantize_default_params()
    parameters.ftype = file_type
    parameters.nthread = threads
    parameters.max_buf_size = BUFFER
    return parameters


def _run(source: str, target: str, parameters: ctypes.Structure, receive: Callable[[str], None]) -> None:
    native_log = start_library()
    native_log.clear()
    handler, level = _Lines(receive), native.level
    native.addHandler(handler)
    native.setLevel(logging.DEBUG)
    try:
        if lib.llama_model_quantize(source.encode(), target.encode(), ctypes.byref(parameters)):
            raise LoadError(
                native_log.explain("the library could not quantize it").removeprefix("failed to quantize: ")
            )
    finally:
        native.setLevel(level)
        native.removeHandler(handler)
