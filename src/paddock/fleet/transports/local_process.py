"""A runner process: its pipes, its log, its requests."""

import asyncio
import logging
import os
import sys
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import msgspec

from paddock.fleet.errors import LoadFailure, LoadTimeout, RequestFailed, RunnerCrashed
from paddock.fleet.reply import Reply, Vectors
from paddock.ipc import (
    BrokenStream,
    Cancel,
    Command,
    Embed,
    Frames,
    Generate,
    Loaded,
    LoadFailed,
    LoadModel,
    Measure,
    Measured,
    Shutdown,
    Statistics,
    Step,
    Tokenize,
    Tokens,
    VectorBatch,
    decode_event,
    encode,
)

log = logging.getLogger("paddock.runner")

LEVELS = logging.getLevelNamesMapping()

SHUTDOWN_SECONDS = 5.0
"""How long a runner that was told to leave may take before it is killed."""


class RunnerProcess(asyncio.SubprocessProtocol):
    """A process that holds one loaded model. Make one with `start`."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.loaded: Loaded | None = None
        self.statistics = Statistics()
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Loaded] = loop.create_future()
        self.exited: asyncio.Future[str] = loop.create_future()
        """Done when the process is gone; says how it ended."""
        self._transport: asyncio.SubprocessTransport | None = None
        self._input: asyncio.WriteTransport | None = None
        self._frames = Frames()
        self._log_rest = b""
        self._last_lines: deque[str] = deque(maxlen=5)
        self._replies: dict[int, Reply] = {}
        self._questions: dict[int, asyncio.Future[Sequence[int]]] = {}
        self._vectors: dict[int, Vectors] = {}
        self._next_id = 0
        self._closing = False

    @classmethod
    async def start(cls, name: str, load: LoadModel, seconds: float, blob_folders: Sequence[Path]) -> "RunnerProcess":
        """Start a process, which finds files in `blob_folders`, and have it load a model within `seconds`.

        Raises:
            LoadFailure: if it cannot.
        """
        runner = cls(name)
        loop = asyncio.get_running_loop()
        environment = {**os.environ, "GGML_NO_BACKTRACE": "1"}
        command = (sys.executable, "-m", "paddock.engine", *map(str, blob_folders))
        await loop.subprocess_exec(lambda: runner, *command, env=environment)
        try:
            runner._send(load)
            runner.loaded = await asyncio.wait_for(asyncio.shield(runner._ready), seconds)
        except TimeoutError:
            await runner.close()
            raise LoadTimeout(f"timed out waiting for the model to load, after {seconds:.0f} s") from None
        except BaseException:
            await runner.close()
            raise
        return runner

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._transport is not None
        return self._transport.get_pid()

    def generate(self, request: Generate) -> Reply:
        """Hand over a request (its id is replaced) and return the stream of its events.

        Raises:
            RunnerCrashed: if the process is gone.
        """
        self._check_alive()
        self._next_id += 1
        reply = Reply(self._next_id, self._cancel)
        self._replies[reply.request] = reply
        self._send(msgspec.structs.replace(request, id=reply.request))
        return reply

    async def tokenize(self, text: str, *, context: tuple[int, ...] = (), add_special: bool = True) -> Sequence[int]:
        """Return the tokens of `text`, with the text of the tokens `context` before it.

        Raises:
            RunnerCrashed: if the process is gone or goes.
        """
        return await self._answer(lambda number: Tokenize(number, text, context, add_special))

    async def measure(self, images: tuple[bytes, ...]) -> Sequence[int]:
        """Return how many tokens each picture or recording takes in a prompt.

        Raises:
            RequestFailed: if one is neither.
            RunnerCrashed: if the process is gone or goes.
        """
        return await self._answer(lambda number: Measure(number, images))

    async def embed(self, request: Embed) -> Vectors:
        """Hand over a request (its id is replaced) and return its vectors when all are there.

        Raises:
            RequestFailed: if one cannot be computed.
            RunnerCrashed: if the process is gone or goes.
        """
        self._check_alive()
        self._next_id += 1
        number = self._next_id
        vectors = self._vectors[number] = Vectors(len(request.texts))
        try:
            self._send(msgspec.structs.replace(request, id=number))
            await vectors.wait()
            return vectors
        finally:
            del self._vectors[number]
            if not vectors.ended:
                self._send(Cancel(number))

    async def _answer(self, question: Callable[[int], Command]) -> Sequence[int]:
        """Ask for numbers with what `question` makes of an id; it is cancelled where nobody waits any more."""
        self._check_alive()
        self._next_id += 1
        number = self._next_id
        answer: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        self._questions[number] = answer
        try:
            self._send(question(number))
            return await answer
        finally:
            self._questions.pop(number, None)
            if answer.cancelled():
                self._send(Cancel(number))

    async def close(self) -> None:
        """End the process and wait until it is gone."""
        self._closing = True
        if self.exited.done():
            return
        self._send(Shutdown())
        if self._input is not None:
            self._input.close()
        try:
            await asyncio.wait_for(asyncio.shield(self.exited), SHUTDOWN_SECONDS)
        except TimeoutError:
            assert self._transport is not None
            log.warning("%s: runner %d does not leave, killing it", self.name, self.pid)
            self._transport.kill()
            await asyncio.shield(self.exited)

    def _check_alive(self) -> None:
        if self._closing or self.exited.done():
            raise RunnerCrashed("the model runner has gone")

    def _send(self, command: Command) -> None:
        if self._input is not None and not self._input.is_closing():
            self._input.write(encode(command))

    def _cancel(self, request: int) -> None:
        if self._replies.pop(request, None) is not None:
            self._send(Cancel(request))

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember the pipes."""
        # Casts, since uvloop's transports are asyncio's in all but name.
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self._input = cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Take events from standard output and log lines from standard error."""
        if fd == 2:
            self._log(data)
            return
        try:
            for body in self._frames.feed(data):
                self._receive(body)
        except BrokenStream as error:
            log.error("%s: runner %d broke its stream: %s", self.name, self.pid, error)
            assert self._transport is not None
            self._transport.kill()

    def process_exited(self) -> None:
        """Fail whoever waits."""
        assert self._transport is not None
        status = self._transport.get_returncode() or 0
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        if self._last_lines and not self._closing:
            how += f": {self._last_lines[-1]}"
        if not self._closing:
            log.error("%s: runner %d ended by itself (%s)", self.name, self.pid, how)
        if not self._ready.done():
            self._ready.set_exception(LoadFailure(f"the model runner ended while it loaded the model ({how})"))
        self._ready.exception()  # it may be that nobody asks any more
        error = RunnerCrashed(f"model runner has unexpectedly stopped ({how})")
        for reply in self._replies.values():
            reply.fail(error)
        self._replies.clear()
        for vectors in self._vectors.values():
            vectors.fail(error)
        for question in self._questions.values():
            if not question.done():
                question.set_exception(error)
        if not self.exited.done():
            self.exited.set_result(how)

    def _receive(self, body: bytes) -> None:
        event = decode_event(body)
        if isinstance(event, Step):
            replies = self._replies
            for chunk in event.chunks:
                reply = replies.get(chunk.id)
                if reply is not None:
                    reply.put(chunk)
            for finished in event.finished:
                reply = replies.pop(finished.id, None)
                if reply is not None:
                    reply.put(finished)
            for failed in event.failed:
                reply = replies.pop(failed.id, None)
                if reply is not None:
                    reply.fail(RequestFailed(failed.message, failed.kind))
                elif failed.id in self._vectors:
                    self._vectors[failed.id].fail(RequestFailed(failed.message, failed.kind))
                elif failed.id in self._questions and not self._questions[failed.id].done():
                    self._questions[failed.id].set_exception(RequestFailed(failed.message, failed.kind))
        elif isinstance(event, VectorBatch):
            for vector in event.vectors:
                if vector.id in self._vectors:
                    self._vectors[vector.id].put(vector)
        elif isinstance(event, Tokens | Measured):
            question = self._questions.get(event.id)
            if question is not None and not question.done():
                question.set_result(event.tokens)
        elif isinstance(event, Statistics):
            self.statistics = event
            log.debug("%s: %s, hit rate %.2f", self.name, event, event.hit_rate)
        elif isinstance(event, Loaded):
            if not self._ready.done():
                self._ready.set_result(event)
        elif isinstance(event, LoadFailed) and not self._ready.done():
            self._closing = True
            self._ready.set_exception(LoadFailure(event.message))

    def _log(self, data: bytes) -> None:
        *lines, self._log_rest = (self._log_rest + data).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            level, _, message = text.partition(" ")
            number = LEVELS.get(level)
            if number is None:
                # Not from our logger: the library or the system says something before it dies.
                number, message = logging.WARNING, text
            if not message:
                continue
            if number >= logging.WARNING:
                self._last_lines.append(message)
            log.log(number, "%s: %s", self.name, message)
