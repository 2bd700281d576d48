"""Work in a process of its own: what takes long, much memory, or native code that may end the process it runs in.

The child is a module that prints JSON objects, one a line, and says with `{"error": text}` why it failed. It ends when
its standard input does, which is when this process has gone.
"""

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError

INTERVAL = 0.25
"""Seconds after which a silent child is asked about: how long it goes on when nobody waits for it any more."""

WorkerMessage = dict[str, Any]


class WorkerFailed(LibraryError):
    """The child said why it failed."""


class WorkerCrashed(WorkerFailed):
    """The child ended without a word."""

    kind = ErrorKind.INTERNAL


def run_worker(module: str, arguments: Sequence[str], receive: Callable[[WorkerMessage | None], None]) -> None:
    """Run `python -m module arguments` until it ends; it is killed if `receive` raises anything.

    Args:
        receive: called with each message, and with None from time to time while there is none.

    Raises:
        WorkerFailed, WorkerCrashed: if it fails.
        OSError: if it says so, with `"errno"` beside the text.
    """
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment,
        )
        assert child.stdout is not None
        messages: queue.SimpleQueue[WorkerMessage | None] = queue.SimpleQueue()
        reader = threading.Thread(target=_read, args=(child.stdout, messages), daemon=True)
        reader.start()
        try:
            failure = _follow(messages, receive)
            status = child.wait()
        finally:
            _end(child, reader)
        if failure is not None and isinstance(failure.get("errno"), int):
            raise OSError(failure["errno"], failure["error"])
        if failure is not None:
            raise WorkerFailed(failure["error"])
        if status:
            how = f"signal {-status}" if status < 0 else f"exit status {status}"
            raise WorkerCrashed(f"{module} ended with {how}{_last_line(complaints)}")


def _follow(
    messages: "queue.SimpleQueue[WorkerMessage | None]", receive: Callable[[WorkerMessage | None], None]
) -> WorkerMessage | None:
    """Hand on the messages up to the last one; return the one that tells of an error."""
    failure = None
    while True:
        try:
            message = messages.get(timeout=INTERVAL)
        except queue.Empty:
            receive(None)
            continue
        if message is None:
            return failure
        if isinstance(message.get("error"), str):
            failure = message
        else:
            receive(message)


def _read(output: IO[bytes], messages: "queue.SimpleQueue[WorkerMessage | None]") -> None:
    for line in output:
        with contextlib.suppress(ValueError):  # a library that prints on its own is not meant for us
            message = json.loads(line)
            if isinstance(message, dict):
                messages.put(message)
    messages.put(None)


def _end(child: "subprocess.Popen[bytes]", reader: threading.Thread) -> None:
    if child.poll() is None:
        child.kill()
    child.wait()
    reader.join()  # before what it reads from is closed
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _last_line(complaints: IO[bytes]) -> str:
    size = complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, size - 4096))
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].strip()}" if lines else ""
