"""`python -m paddock.engine.quantize SOURCE TARGET TYPE [SHARD…]`: quantize a model file, in a process of its own.

TYPE is a number of `enum llama_ftype`; the model is in each SHARD too, if it is in several files. Each line of the
output is a JSON object: a `Progress` whose status is the name of a tensor that has been written, or `{"error": text}`
if the work fails, with `"errno"` if the disk is to blame. The process ends when its standard input does. It reads the
model and writes the target, and has no rights to anything else.
"""

import contextlib
import errno
import json
import logging
import os
import shutil
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from paddock.processors import processors
from paddock.sandbox.confinement import confine

PRIORITY = 5
"""Added to the niceness: models that are being used go first."""
HEAD_ROOM = 16 << 20
"""Bytes beside the tensors: the vocabulary, and what the file system itself takes."""


def main(source: str, target: str, file_type: int, shards: Sequence[str] = ()) -> int:
    """Quantize; return the exit status of the process."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(message)s")
    try:
        Path(target).touch()
    except OSError as error:
        _say(error=error.strerror or str(error), errno=error.errno)
        return 1
    confine(map(Path, (source, *shards)), [Path(target)])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the business of who waits for it
    threading.Thread(target=_end_with_input, daemon=True).start()
    with contextlib.suppress(AttributeError, OSError):
        os.nice(PRIORITY)
    from paddock.engine.binding import LoadError
    from paddock.engine.binding.quantize import quantize, quantized_size

    try:
        needed, free = quantized_size(source, file_type) + HEAD_ROOM, _free(target)
        if needed > free:
            _say(
                error=f"not enough disk space: {needed >> 20} MiB are needed and {free >> 20} free", errno=errno.ENOSPC
            )
            return 1
        quantize(source, target, file_type, processors(), lambda name: _say(status=name))
    except LoadError as error:
        if "iostream" in str(error) and _free(target) < HEAD_ROOM:
            _say(error="no space left on the disk", errno=errno.ENOSPC)
        else:
            _say(error=str(error))
        return 1
    return 0


def _say(**message: object) -> None:
    print(json.dumps(message), flush=True)


def _end_with_input() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1):  # not sys.stdin, whose lock the interpreter wants when it ends
            pass
    os._exit(1)


def _free(target: str) -> int:
    return shutil.disk_usage(Path(target).parent).free


if __name__ == "__main__":
    status = main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4:])
    sys.stdout.flush()
    os._exit(status)
