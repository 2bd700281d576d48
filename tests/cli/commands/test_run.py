import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.canned import Canned, canned_server


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.answers["HEAD /"] = (200, b"")
        canned.json("POST /api/show", {"details": {}})
        canned.stream(
            "POST /api/generate", {"response": "Grüße 日本 👍", "done": False}, {"response": "", "done": True}
        )
        yield canned


def paddock(
    server: Canned, home: Path, *args: str | bytes, stdin: bytes = b"", **environment: str
) -> "subprocess.CompletedProcess[bytes]":
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_", "LC_", "LANG"))}
    command = [sys.executable, "-m", "paddock", *args]
    variables = kept | {"HOME": str(home), "PADDOCK_HOST": server.url} | environment
    return subprocess.run(command, input=stdin, capture_output=True, env=variables, timeout=30)


def prompt(server: Canned) -> Any:
    return server.bodies("POST /api/generate")[-1]["prompt"]


@pytest.mark.parametrize(
    ("args", "stdin", "expected"),
    [
        (["Once", "upon"], b"", "Once upon"),
        ([], b"Once", "Once"),
        (["a time"], b"Once upon", "Once upon a time"),
        (["Sum up:"], b"one\ntwo\n", "one\ntwo\n Sum up:"),
        (["--", "--verbose"], b"", "--verbose"),
        ([], "日本 ".encode() + b"\xff", "日本 \ufffd"),
        ([b"a\xffb"], b"", "a\ufffdb"),
    ],
)
def test_the_prompt_is_the_piped_text_followed_by_the_arguments(
    server: Canned, tmp_path: Path, args: list[str | bytes], stdin: bytes, expected: str
) -> None:
    result = paddock(server, tmp_path, "run", "stories", *args, stdin=stdin)
    assert (result.returncode, result.stderr) == (0, b"")
    assert prompt(server) == expected


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1", "C.UTF-8"])
def test_replies_are_written_in_utf_8_whatever_the_locale(server: Canned, tmp_path: Path, locale: str) -> None:
    result = paddock(server, tmp_path, "run", "stories", "x", LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert result.stdout.decode() == "Grüße 日本 👍\n\n"


def test_a_lone_surrogate_in_a_reply_is_written_as_a_question_mark(server: Canned, tmp_path: Path) -> None:
    server.stream("POST /api/generate", {"response": "a\ud83d"}, {"response": "b", "done": True})
    assert paddock(server, tmp_path, "run", "stories", "x").stdout == b"a?b\n\n"


def test_without_any_prompt_the_model_is_only_loaded(server: Canned, tmp_path: Path) -> None:
    server.stream("POST /api/generate", {"response": "", "done": True, "done_reason": "load"})
    assert paddock(server, tmp_path, "run", "stories").stdout == b""
    assert prompt(server) == ""


def test_flags_reach_the_server(server: Canned, tmp_path: Path) -> None:
    paddock(
        server, tmp_path, "run", "stories", "x", "--think=high", "--keepalive", "1h", "--format", '{"type":"object"}'
    )
    assert server.bodies("POST /api/generate") == [
        {"model": "stories", "prompt": "x", "format": {"type": "object"}, "keep_alive": "1h", "think": "high"}
    ]


def test_an_error_inside_a_reply_comes_after_its_text(server: Canned, tmp_path: Path) -> None:
    server.stream("POST /api/generate", {"response": "Once"}, {"error": "the runner crashed"})
    result = paddock(server, tmp_path, "run", "stories", "x")
    assert (result.stdout, result.stderr, result.returncode) == (b"Once", b"Error: the runner crashed\n", 1)


def test_a_missing_model_is_pulled_first(server: Canned, tmp_path: Path) -> None:
    server.json("POST /api/show", {"error": "model 'nope:latest' not found"}, 404)
    server.json("POST /api/pull", {"error": "pull is not built yet"}, 501)
    result = paddock(server, tmp_path, "run", "nope", "x")
    expected = b"pulling manifest \nError: 501 Not Implemented: pull is not built yet\n"
    assert (result.stderr, result.returncode) == (expected, 1)


def test_thinking_is_hidden_on_request(server: Canned, tmp_path: Path) -> None:
    server.stream("POST /api/generate", {"response": "", "thinking": "Hm"}, {"response": "Yes", "done": True})
    assert paddock(server, tmp_path, "run", "stories", "x", "--hidethinking").stdout == b"Yes\n\n"
    shown = paddock(server, tmp_path, "run", "stories", "x").stdout
    assert shown == b"Thinking...\nHm\n...done thinking.\n\nYes\n\n"


def test_an_embedding_model_prints_the_embedding(server: Canned, tmp_path: Path) -> None:
    server.json("POST /api/show", {"capabilities": ["embedding"]})
    server.json("POST /api/embed", {"embeddings": [[0.5, -1]]})
    assert paddock(server, tmp_path, "run", "minilm", "x").stdout == b"[0.5,-1]\n"
    assert b"needs a text" in paddock(server, tmp_path, "run", "minilm").stderr
