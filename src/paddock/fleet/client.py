"""The fleet's end of the conversation with one runner: requests out, replies in, over any transport."""

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from paddock.fleet.crashes import ended_while_loading, ended_while_serving
from paddock.fleet.errors import FleetError, LoadFailure, LoadTimeout, RequestFailed, RunnerCrashed
from paddock.fleet.outbox import Outbox
from paddock.fleet.reply import Reply, Vectors
from paddock.fleet.transports.base import Transport
from paddock.ipc import (
    BrokenStream,
    Command,
    Embed,
    Embedded,
    Event,
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
    decode_event,
)

log = logging.getLogger("paddock.runner")

LEVELS = logging.getLevelNamesMapping()

T = TypeVar("T")


class RunnerClient:
    """A runner as the fleet and the service use it (see `Runner`). Make one, then `load` the model."""

    loaded: Loaded
    """How the model was loaded. There once `load` has returned."""

    def __init__(self, name: str, transport: Transport) -> None:
        self.name = name
        self.statistics = Statistics()
        self._transport = transport
        self._outbox = Outbox(transport.send)
        self._frames = Frames()
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[Loaded] = loop.create_future()
        self._lost: asyncio.Future[str] = loop.create_future()
        """Done when the runner is gone; its result is the reason."""
        self._closing = False
        self._last_lines: deque[str] = deque(maxlen=5)
        """The last warnings and errors that the runner logged."""
        self._next_id = 0
        self._replies: dict[int, Reply] = {}
        self._vectors: dict[int, Vectors] = {}
        self._answers: dict[int, asyncio.Future[Sequence[int]]] = {}

    async def load(self, command: LoadModel, seconds: float) -> None:
        """Open the transport and have the runner load a model within `seconds`.

        Raises:
            LoadTimeout: if it takes longer.
            LoadFailure: if the runner cannot load it.
            OSError: if the transport cannot be opened.
        """
        await self._transport.open(self)
        try:
            self._send(command)
            self.loaded = await asyncio.wait_for(asyncio.shield(self._ready), seconds)
        except TimeoutError:
            await self._give_up()
            raise LoadTimeout(
                f"timed out waiting for the model to load, after {seconds:.0f} s: {self.name} is read and set up by "
                f"{self._transport.label}, which has not answered"
            ) from None
        except asyncio.CancelledError:
            await self._give_up()
            raise
        except BaseException:
            await self.close()
            raise

    def generate(self, request: Generate) -> Reply:
        """Send a request (its id is replaced) and return its reply, which is still to come.

        Raises:
            RunnerCrashed: if the runner has gone.
            RunnerBusy: if it does not read and too much waits for it.
        """
        number = self._new_id()
        reply = Reply(number, self._cancel, has_logprobs=request.logprobs)
        self._request(number, msgspec.structs.replace(request, id=number), self._replies, reply)
        return reply

    async def tokenize(self, text: str, *, context: tuple[int, ...] = (), add_special: bool = True) -> Sequence[int]:
        """Return the tokens of the text of the tokens `context` and `text` after it.

        Raises:
            RunnerCrashed: if the runner has gone or goes.
        """
        return await self._answer(Tokenize(self._new_id(), text, context, add_special))

    async def measure(self, images: tuple[bytes, ...]) -> Sequence[int]:
        """Return the number of tokens that each image or audio file takes in a prompt.

        Raises:
            RequestFailed: if a file is neither image nor audio.
            RunnerCrashed: if the runner has gone or goes.
        """
        return await self._answer(Measure(self._new_id(), images))

    async def embed(self, request: Embed) -> Vectors:
        """Send a request (its id is replaced) and return its vectors when all have come.

        Raises:
            RequestFailed: if a text cannot be embedded.
            RunnerCrashed: if the runner has gone or goes.
        """
        number = self._new_id()
        vectors = Vectors(len(request.texts))
        self._request(number, msgspec.structs.replace(request, id=number), self._vectors, vectors)
        try:
            await vectors.wait()
            return vectors
        finally:
            del self._vectors[number]
            if not vectors.ended:
                self._outbox.cancel(number)

    async def wait_closed(self) -> str:
        """Wait until the runner is gone, for whatever reason, and return the reason."""
        return await asyncio.shield(self._lost)

    async def close(self) -> None:
        """Tell the runner to leave and wait until it is gone."""
        self._closing = True
        if not self._lost.done():
            self._send(Shutdown())
            await self._transport.close()

    async def _give_up(self) -> None:
        """End a runner that is still loading: it has nothing to lose, and may hang."""
        self._closing = True
        if not self._lost.done():
            self._send(Shutdown())
            self._transport.abort()
            await self._transport.close()

    # What follows is called by the transport.

    def data_received(self, data: bytes) -> None:
        """Take bytes of the runner's stream of frames, cut anywhere."""
        replies = self._replies
        try:
            for body in self._frames.feed(data):
                event = decode_event(body)
                if isinstance(event, Step):
                    for chunk in event.chunks:
                        reply = replies.get(chunk.id)
                        if reply is not None:
                            reply.put(chunk)
                    if event.finished or event.failed:
                        self._end_requests(event)
                else:
                    self._take(event)
        except (BrokenStream, MemoryError) as error:
            log.error("%s: %s broke its stream: %s", self.name, self._transport.label, error or "no memory for it")
            self._transport.abort()

    def log_received(self, line: str) -> None:
        """Repeat a line of the runner's log in the server's, at its level."""
        level, _, message = line.partition(" ")
        number = LEVELS.get(level)
        if number is None:
            # Not from the runner's logger: the library or the system says something before it dies.
            number, message = logging.WARNING, line
        if not message:
            return
        if number >= logging.WARNING:
            self._last_lines.append(message)
        log.log(number, "%s: %s", self.name, message)

    def pause_writing(self) -> None:
        """Hold requests back, because the runner has yet to read what it has got."""
        self._outbox.pause()

    def resume_writing(self) -> None:
        """Send the requests that were held back."""
        self._outbox.resume()

    def connection_lost(self, reason: str) -> None:
        """Fail every request that has no end yet; only the log gets what the runner said last."""
        self._outbox.clear()
        if not self._ready.done():
            self._ready.set_exception(ended_while_loading(reason))
        self._ready.exception()  # nobody may be waiting for it any more
        error = ended_while_serving(reason)
        if not self._closing:
            if self._last_lines:
                reason += f": {self._last_lines[-1]}"
            log.error("%s: %s ended by itself (%s)", self.name, self._transport.label, reason)
        for number in (*self._replies, *self._vectors, *self._answers):
            self._fail(number, error)
        self._lost.set_result(reason)

    def _take(self, event: Event) -> None:
        if isinstance(event, Embedded):
            for vector in event.vectors:
                if (vectors := self._vectors.get(vector.id)) is not None:
                    vectors.put(vector)
        elif isinstance(event, Tokens | Measured):
            answer = self._answers.get(event.id)
            if answer is not None and not answer.done():
                answer.set_result(event.tokens)
        elif isinstance(event, Statistics):
            self.statistics = event
            if log.isEnabledFor(logging.DEBUG):
                log.debug("%s: %s, hit rate %.2f", self.name, event, event.hit_rate)
        elif isinstance(event, Loaded):
            if not self._ready.done():
                self._ready.set_result(event)
        elif isinstance(event, LoadFailed) and not self._ready.done():
            self._closing = True
            self._ready.set_exception(LoadFailure(event.message))

    def _end_requests(self, step: Step) -> None:
        for finished in step.finished:
            reply = self._replies.pop(finished.id, None)
            if reply is not None:
                reply.finish(finished)
        for failed in step.failed:
            self._fail(failed.id, RequestFailed(failed.message, failed.kind))

    def _fail(self, number: int, error: FleetError) -> None:
        if (reply := self._replies.pop(number, None)) is not None:
            reply.fail(error)
        elif (vectors := self._vectors.get(number)) is not None:
            vectors.fail(error)
        elif (answer := self._answers.get(number)) is not None and not answer.done():
            answer.set_exception(error)

    def _new_id(self) -> int:
        """Return an id for a request.

        Raises:
            RunnerCrashed: if the runner takes no requests any more.
        """
        if self._closing or self._lost.done():
            raise RunnerCrashed("the model runner has gone")
        self._next_id += 1
        return self._next_id

    async def _answer(self, request: Tokenize | Measure) -> Sequence[int]:
        """Send a request that is answered with numbers and return them; cancel it if nobody waits any more."""
        answer: asyncio.Future[Sequence[int]] = asyncio.get_running_loop().create_future()
        self._request(request.id, request, self._answers, answer)
        try:
            return await answer
        finally:
            del self._answers[request.id]
            if answer.cancelled():
                self._outbox.cancel(request.id)

    def _request(self, number: int, command: Command, waiting: dict[int, T], answer: T) -> None:
        """Send a request whose `answer` is found in `waiting`. Raises as `Outbox.request` does."""
        waiting[number] = answer
        try:
            self._outbox.request(number, command)
        except BaseException:
            del waiting[number]
            raise

    def _send(self, command: Command) -> None:
        self._outbox.send(command)

    def _cancel(self, number: int) -> None:
        if self._replies.pop(number, None) is not None:
            self._outbox.cancel(number)
