"""Quantize a model file with the library's own function."""

import ctypes
import logging
import re
from collections.abc import Callable

from paddock.engine.binding.library import LoadError, lib, start_library
from paddock.engine.binding.library import log as native

_DONE = re.compile(r"\[ *\d+/ *\d+\] +(\S+) .*size =")
"""`[   1/  21] output.weight - [...], type = f32, converting to q6_K .. size = 0.41 MiB -> 0.08 MiB`"""
QUANTIZE_BUFFER_BYTES = 512 << 20
"""Bytes of rows that the library holds at once; its default is up to 8 GiB."""
_RESULT = re.compile(r"quant size *= *([0-9.]+) MiB")


def quantize(source: str, target: str, file_type: int, threads: int, done: Callable[[str], None]) -> None:
    """Write the model file `source` to `target`, quantized to `file_type`, a number of `enum llama_ftype`.

    Args:
        source: the model file; the first one of a model in several files.
        target: the file to write.
        file_type: the type of the result.
        threads: number of threads to compute with.
        done: called with the name of each tensor that has been written.

    Raises:
        LoadError: if the library refuses the model or fails; it leaves the part of `target` that it has written.
    """

    def receive(line: str) -> None:
        if found := _DONE.match(line):
            done(found[1])

    _run(source, target, _parameters(file_type, threads), receive)


def quantized_size(source: str, file_type: int) -> int:
    """Return the size of the quantized tensors in bytes, to the hundredth of a MiB, without computing them.

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
    """Hands each line of the library's log to a function."""

    def __init__(self, receive: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._receive = receive

    def emit(self, record: logging.LogRecord) -> None:
        self._receive(record.getMessage())


def _parameters(file_type: int, threads: int) -> ctypes.Structure:
    parameters: ctypes.Structure = lib.llama_model_quantize_default_params()
    parameters.ftype = file_type
    parameters.nthread = threads
    parameters.max_buf_size = QUANTIZE_BUFFER_BYTES
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
