"""Reading the bodies of requests."""

import asyncio
import threading

import pytest
from starlette.requests import Request
from starlette.types import Message

from paddock.protocol.json import BadRequest
from paddock.protocol.ollama import ShowRequest
from paddock.server import body
from paddock.server.body import LARGE, MAX_JSON_BODY, read_json, read_request
from paddock.server.errors import BodyTooLarge, ClientGone


def request(*pieces: bytes, ends: bool = True, length: str = "") -> Request:
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    end: Message = {"type": "http.request", "body": b"", "more_body": False}
    messages.append(end if ends else {"type": "http.disconnect"})
    headers = [(b"content-length", length.encode())] if length else []
    incoming = iter(messages)

    async def receive() -> Message:
        return next(incoming)

    return Request({"type": "http", "headers": headers}, receive)


def test_a_body_in_pieces_is_read_as_one() -> None:
    assert asyncio.run(read_json(request(b'{"mod', b'el": "a', b'"}'), ShowRequest)) == ShowRequest(model="a")


@pytest.mark.parametrize(("size", "in_thread"), [(LARGE, False), (LARGE + 1, True)])
def test_a_large_body_is_decoded_in_a_thread(size: int, in_thread: bool) -> None:
    def read(data: bytes) -> bool:
        assert len(data) == size
        return threading.current_thread() is not threading.main_thread()

    assert asyncio.run(read_request(request(b"x" * size), read)) is in_thread


def test_a_body_that_is_not_json_is_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        asyncio.run(read_json(request(b"x"), ShowRequest))


def test_a_body_is_refused_by_its_announced_or_its_real_length(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BodyTooLarge, match="larger than 100 MB"):
        asyncio.run(read_json(request(length=str(MAX_JSON_BODY + 1)), ShowRequest))
    monkeypatch.setattr(body, "MAX_JSON_BODY", 10)
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_json(request(b"123456", b"123456"), ShowRequest))


def test_a_client_that_hangs_up_within_the_body_is_gone() -> None:
    with pytest.raises(ClientGone):
        asyncio.run(read_json(request(b"{", ends=False), ShowRequest))
