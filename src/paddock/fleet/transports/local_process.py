"""A runner that is a process of this machine, reached by its pipes."""

import asyncio
import contextlib
import errno
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from paddock.fleet.transports.base import Receiver

log = logging.getLogger("paddock.runner")

UVLOOP_NO_DESCRIPTORS = -1
"""What uvloop gives as the number of the error if it can make no pipes for a process."""
SHUTDOWN_SECONDS = 5.0
"""How long a runner that was told to leave may take before it is killed."""
OUTPUT_SECONDS = 2.0
"""How long the last bytes of a process that has exited may take to arrive. Another process may hold its pipes open."""


class LocalProcess(asyncio.SubprocessProtocol):
    """A process that speaks frames on its standard input and output and logs to its standard error.

    Args:
        name: the model's name, for the log.
        blob_folders: the folders in which the runner finds the files that it is to load.
        command: the program that runs, with `blob_folders` as its arguments.
    """

    def __init__(
        self,
        name: str,
        blob_folders: Sequence[Path] = (),
        *,
        command: Sequence[str] = (sys.executable, "-m", "paddock.engine"),
        shutdown_seconds: float = SHUTDOWN_SECONDS,
    ) -> None:
        self._name = name
        self._command = [*command, *map(str, blob_folders)]
        self._shutdown_seconds = shutdown_seconds
        self._log_rest = b""
        self._open_outputs = {1, 2}
        """Standard output and standard error, until they have ended."""
        self._has_exited = False
        self._exited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._receiver: Receiver
        self._process: asyncio.SubprocessTransport
        self._input: asyncio.WriteTransport

    @property
    def label(self) -> str:
        """What the log calls the runner: `runner` and its process id."""
        return f"runner {self._process.get_pid()}"

    async def open(self, receiver: Receiver) -> None:
        """Start the process.

        Raises:
            OSError: if it cannot be started.
        """
        self._receiver = receiver
        environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
        try:
            await asyncio.get_running_loop().subprocess_exec(lambda: self, *self._command, env=environment)
        except OSError as error:
            if error.errno == UVLOOP_NO_DESCRIPTORS:
                raise OSError(errno.EMFILE, os.strerror(errno.EMFILE)) from None
            raise

    def send(self, frame: bytes) -> None:
        """Write a frame to the process's input, unless that is closed."""
        if not self._input.is_closing():
            self._input.write(frame)

    def abort(self) -> None:
        """Kill the process, unless it has exited."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def close(self) -> None:
        """Close the process's input and wait until the process is gone; kill it if it takes too long."""
        if self._exited.done():
            return
        self._input.close()
        try:
            await asyncio.wait_for(asyncio.shield(self._exited), self._shutdown_seconds)
        except TimeoutError:
            log.warning("%s: %s does not leave, killing it", self._name, self.label)
            self.abort()
            await asyncio.shield(self._exited)

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the process and its input."""
        # Casts, since uvloop's transports are asyncio's in all but name.
        self._process = cast(asyncio.SubprocessTransport, transport)
        self._input = cast(asyncio.WriteTransport, self._process.get_pipe_transport(0))

    def pause_writing(self) -> None:
        """Say that the process does not read its input as fast as it is written."""
        self._receiver.pause_writing()

    def resume_writing(self) -> None:
        """Say that the process has read its input."""
        self._receiver.resume_writing()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Hand over what came from standard output (1) or standard error (2)."""
        if fd == 1:
            self._receiver.data_received(data)
            return
        *lines, self._log_rest = (self._log_rest + data).split(b"\n")
        for line in lines:
            self._receiver.log_received(line.decode("utf-8", "replace").rstrip())

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that nothing more comes from standard output (1) or standard error (2)."""
        self._open_outputs.discard(fd)
        self._report_end()

    def process_exited(self) -> None:
        """Note that the process has exited."""
        self._has_exited = True
        self._report_end()
        if not self._exited.done():
            asyncio.get_running_loop().call_later(OUTPUT_SECONDS, self._close_outputs)

    def _close_outputs(self) -> None:
        """Wait no longer for the outputs of a process that has exited."""
        self._open_outputs.clear()
        self._report_end()

    def _report_end(self) -> None:
        """Say how the process ended, once its last bytes have been handed over."""
        if not self._has_exited or self._open_outputs or self._exited.done():
            return
        status = self._process.get_returncode() or 0
        self._receiver.connection_lost(f"signal {-status}" if status < 0 else f"exit status {status}")
        self._process.close()
        self._exited.set_result(None)
