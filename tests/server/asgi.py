"""ASGI applications called in the test's own process."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Scope


@dataclass
class Exchange:
    """One request to an ASGI application, and what it sent."""

    method: str = "POST"
    path: str = "/"
    body: Iterable[bytes] = ()
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    """Whether the client goes away after the body."""
    sent: list[Message] = field(default_factory=list)

    @property
    def scope(self) -> Scope:
        headers = [(name.lower().encode(), value.encode()) for name, value in self.headers.items()]
        scope: dict[str, Any] = {"type": "http", "method": self.method, "path": self.path, "headers": headers}
        return scope | {"query_string": b"", "client": ("127.0.0.1", 1)}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def call(self, app: ASGIApp) -> "Exchange":
        """Send the request to `app`, and wait until it returns."""
        incoming: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in self.body]
        incoming.append({"type": "http.request", "body": b"", "more_body": False})
        if self.hangs_up:
            incoming.append({"type": "http.disconnect"})
        messages = iter(incoming)

        async def receive() -> Message:
            message = next(messages, None)
            if message is None:
                await asyncio.Event().wait()
                raise AssertionError
            return message

        await app(self.scope, receive, self.send)
        return self

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def answer_headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def pieces(self) -> list[bytes]:
        """Bodies of the messages that were sent."""
        return [message["body"] for message in self.sent[1:]]

    @property
    def answer(self) -> bytes:
        return b"".join(self.pieces)
