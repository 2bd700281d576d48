"""Large requests are answered in full and do not delay other requests."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from tests.server.servers import ServerUnderTest

LONGEST_WAIT = 1.0
"""Seconds that another request may take beside a large one."""
TRIES = 3
"""On a machine that has much else to do any request may take long, but not at each try."""
SENTENCE = 'Once upon a time there was "a little girl".\n'


def text(megabytes: int) -> str:
    return SENTENCE * (megabytes * 1_000_000 // len(SENTENCE))


def beside_others(server: ServerUnderTest, work: Callable[[], Any]) -> Any:
    """Run `work` during many small requests, check that none of those takes long, and return the result of `work`."""
    longest = 0.0
    for _ in range(TRIES):
        ended = threading.Event()
        waits: list[float] = []

        def ask(ended: threading.Event = ended, waits: list[float] = waits) -> None:
            while not ended.is_set():
                started = time.monotonic()
                assert server.get("/api/version").status == 200
                waits.append(time.monotonic() - started)
                time.sleep(0.001)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            found = work()
        finally:
            ended.set()
            asking.join()
        longest = max(waits, default=0.0)
        if longest < LONGEST_WAIT and len(waits) > 3:  # what is done sooner says little about others
            return found
    raise AssertionError(f"the longest of {len(waits)} other requests took {longest:.1f} s")


def test_other_requests_do_not_wait_while_a_large_prompt_is_rendered(server: ServerUnderTest) -> None:
    prompt = text(20)
    answer = beside_others(server, lambda: server.generate("tiny", prompt, _debug_render_only=True))
    assert answer.json["_debug_info"]["rendered_template"] == prompt


def test_other_requests_do_not_wait_while_a_chat_of_many_messages_is_decoded(server: ServerUnderTest) -> None:
    turns = [("user" if i % 2 == 0 else "assistant", f"{i}") for i in range(60_001)]
    answer = beside_others(server, lambda: server.chat("tiny", *turns, truncate=False, _debug_render_only=True))
    assert answer.json["_debug_info"]["rendered_template"].endswith("60000")


@pytest.mark.parametrize("stream", [False, True])
def test_the_context_of_a_large_prompt_has_all_of_its_tokens(server: ServerUnderTest, stream: bool) -> None:
    prompt = text(1)
    answer = server.generate("tiny", prompt, stream=stream, options={"num_predict": 2})
    last = answer.lines[-1]
    assert (last["done"], last["eval_count"]) == (True, 2)
    inner = last["context"][100:-100]
    each = next(n for n in range(1, 100) if inner[:n] == inner[n : 2 * n])
    assert inner == (inner[:each] * (len(inner) // each + 1))[: len(inner)]
    assert abs(len(last["context"]) / each - prompt.count(SENTENCE)) < 2


@pytest.mark.slow
def test_other_requests_do_not_wait_while_a_large_prompt_is_answered(server: ServerUnderTest) -> None:
    body = json.dumps({"model": "tiny", "prompt": text(20), "stream": False, "options": {"num_predict": 2}})

    def ask() -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=300)
        with closing(connection):
            connection.request("POST", "/api/generate", body)
            return connection.getresponse().read()

    # Decoded only afterwards: it takes a second in which no thread of this process could ask.
    answer = json.loads(beside_others(server, ask))
    assert answer["eval_count"] == 2
    assert len(answer["context"]) > 1_000_000
