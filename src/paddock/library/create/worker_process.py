"""Work in a process of its own: long work, work in much memory, or native code that may end its process.

The worker is a module that prints JSON objects, one per line: a `Progress`, or `{"error": text}` if it fails, with
`"errno"` if a file or the disk is to blame. It ends when its standard input does, so that it does
not outlive this process.
"""

import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from typing import IO, Any

from paddock.errors import ErrorKind
from paddock.library.errors import LibraryError
from paddock.progress import Progress

_log = logging.getLogger(__name__)

CHECK_SECONDS = 0.25
"""Longest time between two calls of `receive`, and so the longest that a worker goes on after nobody waits for it."""


class WorkerFailed(LibraryError):
    """The worker reported why it failed."""


class WorkerCrashed(WorkerFailed):
    """The worker ended without reporting why."""

    kind = ErrorKind.INTERNAL


def run_worker(module: str, arguments: Sequence[str], receive: Callable[[Progress | None], None]) -> None:
    """Run `python -m module arguments` until it ends; kill it if `receive` raises an error.

    Args:
        receive: called with each progress, and with None every `CHECK_SECONDS` while there is none.

    Raises:
        WorkerFailed, WorkerCrashed: if it fails.
        OSError: if it reports an error with `"errno"`.
    """
    environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
    with tempfile.TemporaryFile() as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=environment,
        )
        assert process.stdout is not None
        messages: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        reader = threading.Thread(target=_read, args=(process.stdout, messages), daemon=True)
        reader.start()
        try:
            failure = _follow(messages, receive)
            status = process.wait()
        finally:
            _end(process, reader)
        if failure is not None and isinstance(failure.get("errno"), int):
            raise OSError(failure["errno"], failure["error"])
        if failure is not None:
            raise WorkerFailed(failure["error"])
        if status:
            raise _crashed(module, status, _last_line(stderr))


def _follow(
    messages: "queue.SimpleQueue[dict[str, Any] | None]", receive: Callable[[Progress | None], None]
) -> dict[str, Any] | None:
    """Pass on each progress until the worker's output ends; return the message of its failure, if any."""
    failure = None
    while True:
        try:
            message = messages.get(timeout=CHECK_SECONDS)
        except queue.Empty:
            receive(None)
            continue
        if message is None:
            return failure
        if isinstance(message.get("error"), str):
            failure = message
        else:
            receive(_progress(message))


def _progress(message: dict[str, Any]) -> Progress | None:
    try:
        return Progress(**message)
    except TypeError:  # a JSON object that a library printed
        return None


def _read(output: IO[bytes], messages: "queue.SimpleQueue[dict[str, Any] | None]") -> None:
    for line in output:
        with contextlib.suppress(ValueError):  # a line that a library printed
            message = json.loads(line)
            if isinstance(message, dict):
                messages.put(message)
    messages.put(None)


def _end(process: "subprocess.Popen[bytes]", reader: threading.Thread) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    reader.join()  # before its pipe is closed
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


def _crashed(module: str, status: int, last_line: str) -> WorkerCrashed:
    """Return the error of a worker that ended with this status; what native code printed before it died is logged."""
    if status > 0:
        return WorkerCrashed(f"{module} ended with exit status {status}{last_line}")
    _log.error("%s ended with signal %d%s", module, -status, last_line)
    if status == -signal.SIGKILL:
        return WorkerCrashed(f"{module} ended with signal {-status}: there may be too little memory")
    return WorkerCrashed(f"{module} ended with signal {-status}: a file that it worked on is damaged")


def _last_line(stderr: IO[bytes]) -> str:
    size = stderr.seek(0, os.SEEK_END)
    stderr.seek(max(0, size - 4096))
    lines = stderr.read().decode("utf-8", "replace").strip().splitlines()
    return f": {lines[-1].strip()}" if lines else ""
