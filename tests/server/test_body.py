"""Reading the bodies of requests."""

import asyncio
import threading

import pytest
from starlette.requests import Request
from starlette.types import Message

from paddock.protocol.json import BadRequest
from paddock.protocol.ollama import ShowRequest
from paddock.server.body import read_json, read_request
from paddock.server.body_budget import LARGE, SHARE, BodyBudget, BodyShare
from paddock.server.config import MIB, BodyConfig
from paddock.server.errors import BodiesTooLarge, BodyTooLarge, BodyTooSlow, ClientGone


def request(
    *pieces: bytes, ends: bool = True, length: str = "", share: BodyShare | None = None, pause: float = 0
) -> Request:
    messages: list[Message] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    end: Message = {"type": "http.request", "body": b"", "more_body": False}
    messages.append(end if ends else {"type": "http.disconnect"})
    headers = [(b"content-length", length.encode())] if length else []
    incoming = iter(messages)

    async def receive() -> Message:
        await asyncio.sleep(pause)
        return next(incoming)

    scope = {"type": "http", "headers": headers} | ({SHARE: share} if share is not None else {})
    return Request(scope, receive)


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


def test_a_body_is_refused_by_its_announced_or_its_real_length() -> None:
    with pytest.raises(BodyTooLarge, match="larger than 100 MB"):
        asyncio.run(read_json(request(length=str(100 * MIB + 1)), ShowRequest))
    share = BodyShare(BodyBudget(BodyConfig(max_bytes=10)))
    with pytest.raises(BodyTooLarge):
        asyncio.run(read_json(request(b"123456", b"123456", share=share), ShowRequest))


def test_a_body_is_refused_if_others_have_taken_the_memory() -> None:
    budget = BodyBudget(BodyConfig(), total=MIB)
    other, share = BodyShare(budget), BodyShare(budget)
    other.take(MIB // 2)
    for refused in (
        request(length=str(MIB // 2), share=share),
        request(*[b"x" * 1000] * 1000, share=share),
        request(b"[" * 300_000, share=share),
    ):
        with pytest.raises((BodiesTooLarge, BodyTooLarge)):
            asyncio.run(read_json(refused, ShowRequest))
        share.release()
        assert budget.in_use == MIB // 2
    assert asyncio.run(read_json(request(b"{}", share=share), ShowRequest)) == ShowRequest()
    assert budget.in_use == MIB // 2 + 2


def test_a_body_must_arrive_in_time() -> None:
    share = BodyShare(BodyBudget(BodyConfig(max_seconds=0.05)))
    with pytest.raises(BodyTooSlow, match="within 0 seconds"):
        asyncio.run(read_json(request(*[b" "] * 100, share=share, pause=0.01), ShowRequest))


def test_a_client_that_hangs_up_within_the_body_is_gone() -> None:
    with pytest.raises(ClientGone):
        asyncio.run(read_json(request(b"{", ends=False), ShowRequest))
