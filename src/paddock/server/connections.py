"""All connections of the server: how many there may be, who gives way to a new one, and whose time is over."""

import logging
import math
from typing import Protocol

from paddock.server.config import ConnectionConfig

log = logging.getLogger("paddock.server")

LOG_SECONDS = 10
"""Time between two lines of the log about too many connections."""


class Timed(Protocol):
    """A connection as `Connections` sees it. Times are those of the event loop, in seconds."""

    deadline: float
    """When what the client has sent is looked at."""
    write_deadline: float
    """When what the client has read is looked at."""
    waiting_since: float
    """Since when it has waited for a request."""

    def end_wait(self, now: float) -> None:
        """End the connection if the client has sent too little; else set another deadline."""

    def end_write(self, now: float) -> None:
        """End the connection if the client has read too little; else set another write deadline."""

    def give_way(self, now: float) -> None:
        """End the connection, which waits for a request, because another needs its place."""

    def cut_off(self) -> None:
        """Close the connection at once."""


class Connections:
    """The connections of one server.

    Args:
        config: its bounds.
        most: connections that are served at once.
    """

    def __init__(self, config: ConnectionConfig, most: int) -> None:
        self.config = config
        self._most = most
        self._most_leaving = max(1, min(config.max_refusals, most // 4))
        self._served: set[Timed] = set()
        self._waiting: dict[Timed, None] = {}
        """Those that wait for a request or the rest of its head, the longest wait first."""
        self._leaving: dict[Timed, None] = {}
        """Those that get to know that there are too many, in the order in which they came."""
        self._next_sweep = self._next_log = -math.inf

    def __len__(self) -> int:
        """Return how many connections are served."""
        return len(self._served)

    def admit(self, connection: Timed, now: float) -> bool:
        """Make room for a new connection, and return whether it may stay.

        If there are too many, the one that has waited longest for a request gives way, unless it has only come.
        """
        if len(self._served) >= self._most:
            self._log_crowd(now)
            oldest = next(iter(self._waiting), None)
            if oldest is None or now - oldest.waiting_since < self.config.spared_seconds:
                return False
            oldest.give_way(now)
        self._served.add(connection)
        return True

    def leave(self, connection: Timed) -> None:
        """Take a connection, which has been told why it must leave, off the others until it is closed."""
        self.remove(connection)
        if len(self._leaving) >= self._most_leaving:
            oldest = next(iter(self._leaving))
            del self._leaving[oldest]
            oldest.cut_off()
        self._leaving[connection] = None

    def wait(self, connection: Timed, now: float) -> None:
        """Note that a connection waits for a request."""
        connection.waiting_since = now
        self._waiting[connection] = None

    def stop_waiting(self, connection: Timed) -> None:
        """Note that a connection has a request."""
        self._waiting.pop(connection, None)

    def remove(self, connection: Timed) -> None:
        """Forget a connection that is closed."""
        self._served.discard(connection)
        self._waiting.pop(connection, None)
        self._leaving.pop(connection, None)

    def sweep(self, now: float) -> None:
        """End what has taken too long. Call this often: it looks only every `sweep_seconds`."""
        if now < self._next_sweep:
            return
        self._next_sweep = now + self.config.sweep_seconds
        for connection in [c for c in (*self._served, *self._leaving) if c.deadline <= now or c.write_deadline <= now]:
            if connection.deadline <= now:
                connection.end_wait(now)
            if connection.write_deadline <= now:
                connection.end_write(now)

    def _log_crowd(self, now: float) -> None:
        if now >= self._next_log:
            self._next_log = now + LOG_SECONDS
            log.warning("there are %d connections, as many as the server may have", len(self._served))
