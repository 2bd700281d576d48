from http.client import HTTPMessage

import pytest
from tools.fuzz.judge import complaint, judged

from tests.server.servers import Answer


@pytest.mark.parametrize(
    "text",
    [
        "the model's file is damaged: tensor 'x' lies outside of it",
        "invalid format: a schema nests deeper than 100 levels",
        'model "m" not found',
        "the template takes longer than 2 s",
        "chat template: 'NoneType' object is not iterable",
    ],
)
def test_a_sentence_is_no_cause_for_complaint(text: str) -> None:
    assert complaint(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Traceback (most recent call last):",
        "/build/llama.cpp/src/llama-graph.cpp:123: GGML_ASSERT(n > 0) failed",
        "GGML_ASSERT(false)",
        "KeyError: 'content'",
        "'NoneType' object is not subscriptable",
        "list index out of range",
        "[Errno 2] No such file or directory: '/tmp/x/blobs/sha256-1'",
        "thread panicked at toktrie/src/lib.rs:12",
        "unexpected error",
        "chat template: Traceback (most recent call last)",
        "two\nlines",
        "x" * 2000,
    ],
)
def test_what_shows_how_the_server_is_made_is_complained_about(text: str) -> None:
    assert complaint(text)


def test_what_the_client_sent_may_be_quoted() -> None:
    assert complaint("the pattern a/b.py:3 is none")
    assert complaint("the pattern a/b.py:3 is none", own='{"pattern": "a/b.py:3"}') == ""
    assert complaint("see /data/models/x", ("/data/models",))


@pytest.mark.parametrize(
    ("status", "body", "error", "wrong"),
    [
        (200, b'{"done": true}', "", False),
        (400, b'{"error": "no model"}', "no model", False),
        (200, b'{"status": "x"}\n{"error": "no model"}', "no model", False),
        (500, b'{"error": "no model"}', "no model", True),
        (400, b'{"error": ""}', "?", False),
        (400, b"{}", "?", False),
        (200, b"<html>", "", True),
    ],
)
def test_answers_are_judged(status: int, body: bytes, error: str, wrong: bool) -> None:
    found, why = judged(Answer(status, HTTPMessage(), body))
    assert found == error
    assert bool(why) == (wrong or found == "?")
