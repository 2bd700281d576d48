"""How a converting process talks to the process that started it (`library.create.worker_process`).

Each line that it prints is a JSON object: a `Progress` without a status from time to time, one with a status for the
user, or `{"error": text}` if it fails, with `"errno"` if the disk is the reason. It ends when its standard input ends.
It reads and writes the files of its job, and has no rights to anything else. It gives those up before it imports numpy,
which starts threads.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import msgspec

from paddock.conversion.errors import ConversionError
from paddock.progress import Progress

if TYPE_CHECKING:
    from paddock.conversion.output.writer import ReportBytes

REPORT_INTERVAL = 0.1
"""Seconds between two reports."""


def run_job(target: Path, convert: Callable[[BinaryIO, "ReportBytes"], None]) -> int:
    """Write `target` with `convert`, report its progress, and return the exit status of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process that waits for this one handles the terminal's Ctrl-C
    threading.Thread(target=_end_with_input, daemon=True).start()
    reported = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal reported
        if time.monotonic() - reported >= REPORT_INTERVAL or done == total:
            reported = time.monotonic()
            send(Progress(total=total, completed=done))

    try:
        with target.open("wb") as file:
            convert(file, progress)
    except ConversionError as error:
        send({"error": str(error)})
        return 1
    except OSError as error:
        send({"error": error.strerror or str(error), "errno": error.errno})
        return 1
    return 0


def send(message: Progress | dict[str, object]) -> None:
    """Print a message for the process that started this one."""
    print(msgspec.json.encode(message).decode(), flush=True)


def _end_with_input() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1):  # not sys.stdin, whose lock the interpreter needs to shut down
            pass
    os._exit(1)
