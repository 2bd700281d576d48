"""A client's connection: uvicorn's, with bounds on time and bytes."""

import asyncio
import math
import select
import socket
import struct
import sys
from enum import Enum, auto
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from paddock.server.connections import Connections
from paddock.server.cork import CORK, CorkableTransport
from paddock.server.raw_answers import CROWDED, HEAD_TOO_LARGE, NO_MEMORY, TOO_SLOW

MAX_REQUEST_HEAD = 1 << 20
"""Bytes of a request's line and headers, as in Go's server. The limit is checked once per read, so slightly more may
arrive."""

NEEDS_INPUT = "paddock.needs_input"
"""Key of the ASGI scope that is set if the end of the client's input means that it has left."""
INPUT_ENDED = "paddock.input_ended"
"""Key of the ASGI scope that is set if the client's input has ended."""

RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_GONE = getattr(select, "POLLERR", 0) | getattr(select, "POLLHUP", 0)
_ENDED = getattr(select, "POLLRDHUP", 0)


class Phase(Enum):
    """What the parser has come to."""

    NEXT = auto()
    """The end of a request, or the beginning of the first."""
    HEAD = auto()
    """A part of a head."""
    BODY = auto()
    """A head and a part of the body."""


class Awaited(Enum):
    """What the client must do next."""

    REQUEST = auto()
    """Send a request, or close the connection."""
    HEAD = auto()
    """Send the rest of a head."""
    BODY = auto()
    """Send the rest of a body."""
    DROPPED_BODY = auto()
    """Send the rest of a body whose request was answered without it."""
    NOTHING = auto()
    """Wait for an answer."""


class Connection(HttpToolsProtocol):
    """A connection that ends if its client is too slow, and that says so where the client may still read it.

    Uvicorn alone would wait for ever for the rest of a request, keep any head in memory, and parse whatever is sent
    ahead.

    Args:
        connections: all connections, with their bounds.
        config, server_state, app_state, _loop: what uvicorn gives to each connection.
    """

    def __init__(
        self,
        connections: Connections,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.deadline = self.write_deadline = math.inf
        self.waiting_since = 0.0
        self._all = connections
        self._config = connections.config
        self._phase = Phase.NEXT
        self._awaited = Awaited.NOTHING
        self._running: RequestResponseCycle | None = None
        """The request that is answered now or was last; uvicorn's `cycle` is the one that was parsed last."""
        self._pending = 0
        """Bytes received since the parser last completed a head or a piece of a body."""
        self._held = b""
        """Bytes that are parsed when the requests before them have been answered."""
        self._drops_input = False
        """Whether what the client sends is dropped, because the connection ends after what is written."""
        self._input_ended = False
        self._kept_alive = True
        """Whether the connection stays after a request whose client waits to be asked for the body."""
        self._last_byte = self._window_end = 0.0
        self._window_bytes = 0
        """Bytes of a body since `body_seconds` before `_window_end`."""
        self._unread = 0
        """Bytes that the client had to read when the write deadline was set."""

    # What the event loop calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection, or refuse it if there are too many."""
        super().connection_made(cast(asyncio.Transport, CorkableTransport(transport)))
        now = self.loop.time()
        if self._all.admit(self, now):
            self._set_deadline(now)
        else:
            self._refuse(now)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the request that its client is gone."""
        self._all.remove(self)
        self.deadline = self.write_deadline = math.inf
        self._held = b""
        _disconnect(self._running)
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def data_received(self, data: bytes) -> None:
        """Parse received bytes."""
        if self._drops_input:
            return
        if self.pipeline:
            self._held += data
            self.flow.pause_reading()
            return
        try:
            self._parse(data)
        except MemoryError:
            self._end(NO_MEMORY)
        if not self.transport.is_closing():
            self._set_deadline(self.loop.time())

    def eof_received(self) -> bool:  # type: ignore[override]
        """Keep the connection for the answers that the client still waits for; return whether there are any.

        A request that needs its input (see `NEEDS_INPUT`) ends with it.
        """
        running = self._running
        lacks_body = self._phase is Phase.BODY and not self.pipeline
        if running is None or running.response_complete or lacks_body:
            self._watch_writes()
            return False
        if running.scope.get(NEEDS_INPUT):
            _disconnect(running)
            self._watch_writes()
            return False
        self._input_ended = True
        self._note_end_of_input(running)
        self._set_deadline(self.loop.time())
        return True

    def pause_writing(self) -> None:
        """Note that the client reads more slowly than it is written to."""
        super().pause_writing()
        self._watch_writes()

    def resume_writing(self) -> None:
        """Note that the client has read."""
        super().resume_writing()
        if not self.transport.is_closing():
            self.write_deadline = math.inf

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Start a head."""
        self._phase = Phase.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Start the request whose head is complete."""
        self._pending = 0
        self.scope[CORK] = self.transport  # type: ignore[literal-required]
        is_next = self.cycle is None or self.cycle.response_complete
        super().on_headers_complete()
        self._phase = Phase.BODY
        if is_next:
            self._running = self.cycle
        if self.expect_100_continue:
            # If it is answered before it asks for the body, what comes next may be the body or a request.
            self._kept_alive, self.cycle.keep_alive = self.cycle.keep_alive, False

    def on_body(self, body: bytes) -> None:
        """Pass a piece of the body to the request."""
        self._pending = 0
        self._window_bytes += len(body)
        self._last_byte = self.loop.time()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the body."""
        self._pending = 0
        self._phase = Phase.NEXT
        if self.expect_100_continue and not self.cycle.response_started:
            self.cycle.keep_alive = self._kept_alive
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        """Refuse bytes that are not HTTP, once what came before them has been answered."""
        running = self._running
        is_next = self._phase is not Phase.BODY or bool(self.pipeline)
        if isinstance(getattr(sys.exc_info()[1], "__context__", None), MemoryError):
            self._end(NO_MEMORY)
        elif running is None or running.response_complete or not (is_next or running.response_started):
            super().send_400_response(msg)
            self._watch_writes()
        elif is_next:
            self._drops_input = True
            self.cycle.keep_alive = False
            self.flow.pause_reading()
        else:
            self._end()

    # What a request calls.

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        following = self.pipeline[-1][0] if self.pipeline else None
        super().on_response_complete()
        if self.transport.is_closing():
            self._watch_writes()
            return
        if following is not None:
            self._running = following
        if self._held and not self.pipeline:
            held, self._held = self._held, b""
            self.data_received(held)
            if self._input_ended and self._running is not None:
                self._note_end_of_input(self._running)
        if not self.transport.is_closing():
            self._set_deadline(self.loop.time())

    # What `Connections` calls.

    def end_wait(self, now: float) -> None:
        """End the connection if the client has sent too little; else set another deadline."""
        config, awaited = self._config, self._awaited
        if self.transport.is_closing():
            self.transport.abort()
        elif awaited is Awaited.NOTHING:
            self._look_after_client(now)
        elif awaited is not Awaited.BODY:
            self._end(TOO_SLOW if awaited is Awaited.HEAD else b"")
        elif self.flow.read_paused:  # the server is the slow one
            self._last_byte = now
            self._start_window(now)
            self.deadline = now + config.sweep_seconds
        elif now >= self._last_byte + config.body_seconds:
            self._end(TOO_SLOW)
        elif now < self._window_end:
            self._set_deadline(now)
        elif self._window_bytes < config.body_bytes:
            self._end(TOO_SLOW)
        else:
            self._start_window(now)

    def end_write(self, now: float) -> None:
        """End the connection if the client has read too little; else set another write deadline."""
        unread = self.transport.get_write_buffer_size()
        if unread and self._unread - unread < self._config.stalled_bytes:
            # A reset, or the system would go on to offer what it holds for the client.
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self.transport.abort()
        else:
            self._watch_writes()

    def give_way(self, now: float) -> None:
        """End the connection, which waits for a request, because another needs its place."""
        if self.cycle is None or self._awaited is Awaited.HEAD:
            self._refuse(now)
        else:  # clients expect that of a connection that they keep
            self._leave(now)
            self.transport.close()

    def cut_off(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    # The rest.

    def _parse(self, data: bytes) -> None:
        """Parse what was received, in pieces; hold the rest back once a request waits for the one before."""
        size = self._config.parsed_bytes
        start = 0
        while start < len(data) and not self.transport.is_closing() and not self._drops_input:
            if self.pipeline:
                self._held = data[start:]
                return
            end = start + (size if self._phase is Phase.NEXT else 4 * size)
            piece = data if end >= len(data) and not start else data[start:end]
            self._pending += len(piece)
            super().data_received(piece)
            if self._pending > MAX_REQUEST_HEAD:
                self._end(HEAD_TOO_LARGE)
            start = end

    def _set_deadline(self, now: float) -> None:
        """Find out what the client must do next, and until when."""
        config, running = self._config, self._running
        is_answered = running is None or running.response_complete
        if self._phase is Phase.BODY and not self.pipeline:
            awaited = Awaited.DROPPED_BODY if is_answered else Awaited.BODY
        elif not is_answered:
            awaited = Awaited.NOTHING
        else:
            awaited = Awaited.HEAD if self._phase is Phase.HEAD else Awaited.REQUEST
        before, self._awaited = self._awaited, awaited
        if awaited is Awaited.NOTHING:
            self._all.stop_waiting(self)
            must_look = self._input_ended or self.flow.read_paused
            self.deadline = now + config.sweep_seconds if must_look else math.inf
        elif awaited is before:
            if awaited is Awaited.BODY:
                self.deadline = min(self._last_byte + config.body_seconds, self._window_end)
        elif awaited is Awaited.BODY:
            self._all.stop_waiting(self)
            self._last_byte = now
            self._start_window(now)
        elif awaited is Awaited.DROPPED_BODY:
            self.deadline = now + config.linger_seconds
        else:
            if before is not Awaited.REQUEST:
                self._all.wait(self, now)
            self.deadline = now + (config.head_seconds if awaited is Awaited.HEAD else config.idle_seconds)

    def _start_window(self, now: float) -> None:
        """Begin to count the bytes of a body anew."""
        self._window_bytes = 0
        self._window_end = now + self._config.body_seconds
        self.deadline = min(self._last_byte + self._config.body_seconds, self._window_end)

    def _look_after_client(self, now: float) -> None:
        """End the connection if its client is gone, which is not seen while nothing is read from it."""
        running = self._running
        self.deadline = now + self._config.sweep_seconds
        if running is not None and hasattr(select, "poll"):
            poll = select.poll()
            poll.register(self.transport.get_extra_info("socket").fileno(), _ENDED)
            events = sum(event for _, event in poll.poll(0))
            if events & _GONE or (events & _ENDED and running.scope.get(NEEDS_INPUT)):
                self.transport.abort()

    def _note_end_of_input(self, running: RequestResponseCycle) -> None:
        """Tell all requests that the client sends no more, and end the connection after the last one."""
        if self._phase is Phase.BODY:  # the last one will never be complete
            self.pipeline.popleft()
            self._phase = Phase.NEXT
        cycles = [running, *(cycle for cycle, _ in reversed(self.pipeline))]
        for cycle in cycles:
            cycle.scope[INPUT_ENDED] = True
        self.cycle = cycles[-1]
        if not self._held:
            self.cycle.keep_alive = False

    def _end(self, answer: bytes = b"") -> None:
        """Close the connection, with an answer unless another one has begun."""
        running = self._running
        has_begun = running is not None and running.response_started and not running.response_complete
        if answer and not has_begun and not self.transport.is_closing():
            self.transport.write(answer)
        _disconnect(running)
        _disconnect(self.cycle)
        self._drops_input = True
        self.transport.close()
        self.deadline = math.inf
        self._watch_writes()

    def _refuse(self, now: float) -> None:
        """Tell the client that there are too many connections, and wait a moment so that it can read that."""
        self._leave(now)
        self.transport.write(CROWDED)
        self.transport.write_eof()

    def _leave(self, now: float) -> None:
        self._drops_input = True
        self._awaited = Awaited.DROPPED_BODY
        self._all.leave(self)
        self.deadline = now + self._config.refusal_seconds

    def _watch_writes(self) -> None:
        """Begin to look at what the client reads of what it has to read."""
        self._unread = self.transport.get_write_buffer_size()
        self.write_deadline = self.loop.time() + self._config.stalled_seconds if self._unread else math.inf


def _disconnect(cycle: RequestResponseCycle | None) -> None:
    """Tell a request that its client is gone."""
    if cycle is not None and not cycle.response_complete:
        cycle.disconnected = True
        cycle.message_event.set()
