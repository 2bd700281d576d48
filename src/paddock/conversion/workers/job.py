"""What the programs have in common that convert in a process of their own, for `library.child`.

Each line that they print is a JSON object: a `Progress` without a status from time to time, one with a status for
whoever waits for the result, or `{"error": text}` if they fail, with `"errno"` where the disk is to blame. They end
when their standard input does.
"""

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec

from paddock.conversion.errors import ConversionError
from paddock.progress import Progress

ReportBytes = Callable[[int, int], None]
"""Receives how many bytes are done, and of how many."""

INTERVAL = 0.1
"""Seconds between two reports."""


def run_job(target: Path, convert: Callable[[BinaryIO, ReportBytes], None]) -> int:
    """Have `convert` write the file `target`, report how far it is, and return the exit status of the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the terminal's Ctrl-C is the business of who waits for it
    threading.Thread(target=_end_with_input, daemon=True).start()
    reported = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal reported
        if time.monotonic() - reported >= INTERVAL or done == total:
            reported = time.monotonic()
            say(Progress(total=total, completed=done))

    try:
        with target.open("wb") as file:
            convert(file, progress)
    except ConversionError as error:
        say({"error": str(error)})
        return 1
    except OSError as error:
        say({"error": error.strerror or str(error), "errno": error.errno})
        return 1
    return 0


def say(message: Progress | dict[str, object]) -> None:
    """Print a message for whoever started this process."""
    print(msgspec.json.encode(message).decode(), flush=True)


def _end_with_input() -> None:
    with contextlib.suppress(OSError):
        while os.read(0, 1):  # not sys.stdin, whose lock the interpreter wants when it ends
            pass
    os._exit(1)
