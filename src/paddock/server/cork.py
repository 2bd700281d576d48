"""Writes several chunks of an answer at once.

An event loop may write each piece to the socket at once, which takes longer than making a short event.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

CORK = "paddock.cork"
"""Key of the ASGI scope with the `CorkableTransport` of the connection."""


class CorkableTransport:
    """A transport that holds back what is written while it is corked. Everything else is the wrapped transport's."""

    def __init__(self, transport: asyncio.Transport) -> None:
        """Write to `transport`."""
        self._transport = transport
        self._held: list[bytes] | None = None
        self.is_closing = transport.is_closing

    def __getattr__(self, name: str) -> Any:
        """Return the wrapped transport's attribute."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write `data`, or hold it back while corked."""
        if self._held is None:
            self._transport.write(data)
        else:
            self._held.append(data)

    def close(self) -> None:
        """Write what is held back and close the transport."""
        self._write_held()
        self._transport.close()

    @contextmanager
    def corked(self) -> Iterator[None]:
        """Hold back what is written inside, and write it at once at the end."""
        self._held = []
        try:
            yield
        finally:
            self._write_held()

    def _write_held(self) -> None:
        held, self._held = self._held, None
        if held:
            self._transport.write(b"".join(held))
