"""One worker process, as the server sees it: it takes one job at a time, over pipes that the event loop watches."""

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, cast

import msgspec

from paddock.errors import PaddockError
from paddock.ipc.frames import BrokenStream, Frames
from paddock.sandbox.switch import is_enabled, sandbox_environment
from paddock.workers.errors import LimitExceeded, TemplateWorkerFailed, TooSlow
from paddock.workers.limits import WorkerLimits
from paddock.workers.messages import Answer, Outcome, decode_answer

log = logging.getLogger("paddock.worker")

MAX_LOG_LINE = 2000
"""Characters of a line of a worker that are logged."""


class TemplateWorker(asyncio.SubprocessProtocol):
    """A worker. `changed` is called when it has become idle, and `ended` when it is gone.

    Args:
        limits: how long a job, and the start, may take.
        changed: called with the worker.
        ended: called with the worker.
    """

    def __init__(
        self,
        limits: WorkerLimits,
        changed: Callable[["TemplateWorker"], None],
        ended: Callable[["TemplateWorker"], None],
    ) -> None:
        self._limits = limits
        self._changed = changed
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._result: asyncio.Future[Outcome] | None = None
        """The result of the job that it works on."""
        self._timer: asyncio.TimerHandle | None = None
        self._killed_by: PaddockError | None = None
        self.is_leaving = False
        self._open_outputs = {1, 2}
        self._has_exited = False
        self.has_started = False
        self.job_started = 0.0
        """When it got the job that it works on, by the loop's clock."""
        self.job_seconds = 0.0
        """Processor time of the last job that is done."""
        self.idle_since = 0.0
        self.gone: asyncio.Future[None] = self._loop.create_future()
        self._process: asyncio.SubprocessTransport | None = None
        self._input: asyncio.WriteTransport | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it could begin a job now."""
        return self.has_started and self._result is None and not self.is_leaving and self._killed_by is None

    @property
    def pid(self) -> int:
        """The id of its process; 0 until it is started."""
        return self._process.get_pid() if self._process is not None else 0

    async def open(self) -> None:
        """Start the process; `changed` is called when it can work.

        Raises:
            OSError: if it cannot be started.
        """
        self._arm(self._limits.start_seconds, TemplateWorkerFailed("a worker for templates does not start"))
        await self._loop.subprocess_exec(lambda: self, *command(self._limits), env=_environment())

    def begin(self, frame: bytes | bytearray) -> "asyncio.Future[Outcome]":
        """Give an idle worker a job; return its result."""
        assert self._input is not None and self.is_idle
        self._result = self._loop.create_future()
        self.job_started = self._loop.time()
        seconds = self._limits.wall_seconds
        self._arm(seconds, TooSlow(f"the template was not done within {seconds:g} s"))
        self._input.write(frame)
        return self._result

    def give_up(self) -> None:
        """Take note that nobody waits for its job any more: it is killed unless it is done soon."""
        if self._result is not None:
            self._arm(self._limits.slow_seconds, TemplateWorkerFailed("the job was given up"))

    def leave(self) -> None:
        """End the process as soon as it has nothing to do: close its input."""
        self.is_leaving = True
        if self._input is not None:
            self._input.close()

    def kill(self, reason: PaddockError) -> None:
        """Kill the process; its job fails with `reason`."""
        if self._killed_by is None:
            self._killed_by = reason
        if self._process is not None and not self._has_exited:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    def _arm(self, seconds: float, reason: PaddockError) -> None:
        """Kill the process with `reason` after some seconds, unless it is disarmed or armed anew."""
        self._disarm()
        self._timer = self._loop.call_later(seconds, self.kill, reason)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the process and its input."""
        self._process = cast(asyncio.SubprocessTransport, transport)
        self._input = cast(asyncio.WriteTransport, self._process.get_pipe_transport(0))
        if self.is_leaving:
            self._input.close()
        if self._killed_by is not None:
            self.kill(self._killed_by)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take answers from standard output (1), and log what comes from standard error (2)."""
        if fd != 1:
            for line in data.decode("utf-8", "replace").splitlines():
                log.warning("worker %d: %s", self.pid, line[:MAX_LOG_LINE])
            return
        try:
            for body in self._frames.feed(data):
                self._take(decode_answer(body) if body else None)
        except (BrokenStream, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self.kill(TemplateWorkerFailed(f"a worker for templates answers what cannot be read: {error}"))

    def _take(self, answer: Answer | None) -> None:
        """Take an answer, or None, with which the worker says that it has started."""
        self._disarm()
        self.idle_since = self._loop.time()
        self.has_started = True
        if answer is not None:
            result, self._result = self._result, None
            self.is_leaving = self.is_leaving or answer.is_last
            self.job_seconds = answer.seconds
            if result is not None and not result.done():
                result.set_result(answer.outcome)
        self._changed(self)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Note that a pipe has ended."""
        self._open_outputs.discard(fd)
        self._report_end()

    def process_exited(self) -> None:
        """Note that the process has exited."""
        self._has_exited = True
        self._report_end()

    def _report_end(self) -> None:
        if not self._has_exited or self._open_outputs or self.gone.done():
            return
        assert self._process is not None
        self._disarm()
        status = self._process.get_returncode() or 0
        self._process.close()
        result, self._result = self._result, None
        if result is not None and not result.done():
            result.set_exception(self._killed_by or self._reason(status))
        self.gone.set_result(None)
        self._ended(self)

    def _reason(self, status: int) -> PaddockError:
        if status == -signal.SIGPROF:
            seconds = self._limits.processor_seconds
            return LimitExceeded(f"the template takes more than {seconds:g} s of processor time")
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        return TemplateWorkerFailed(f"the worker that read the template ended with {how}")


def command(limits: WorkerLimits) -> list[str]:
    """Return the command line of a worker with these limits."""
    return [sys.executable, "-m", "paddock.workers", msgspec.json.encode(limits).decode()]


def _environment() -> dict[str, Any]:
    """Return the environment of a worker: without settings, among which there may be secrets, but for that it needs."""
    others = {name: value for name, value in os.environ.items() if not name.startswith(("PADDOCK_", "OLLAMA_"))}
    return others | sandbox_environment(is_enabled())
