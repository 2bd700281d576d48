"""The chat prompt in a real pseudo-terminal."""

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddock.cli.terminal.spinner import Spinner
from tests.cli.canned import Canned, canned_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")

READY = ">>> "
SPINNER = re.compile(rf"(?:[{Spinner.FRAMES}] )+\x1b\[K")
"""What is drawn while a reply takes longer than a tenth of a second."""


class Terminal:
    """`paddock` in a pseudo-terminal of 40 columns, and what it has written there."""

    def __init__(self, url: str, home: Path, *args: str) -> None:
        self._master, slave = os.openpty()
        import fcntl
        import struct
        import termios

        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PADDOCK_", "OLLAMA_"))}
        environment |= {"HOME": str(home), "PADDOCK_HOST": url, "TERM": "xterm-256color", "INPUTRC": "/dev/null"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "paddock", *args],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            close_fds=True,
            preexec_fn=lambda: os.login_tty(slave),
        )
        os.close(slave)
        self.screen = ""

    def type(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, text: str, seconds: float = 10) -> str:
        """Wait for `text`; return all output up to its end."""
        end = time.monotonic() + seconds
        while text not in self.screen:
            ready, _, _ = select.select([self._master], [], [], max(0, end - time.monotonic()))
            if not ready:
                pytest.fail(f"no {text!r} within {seconds} s; there is:\n{self.screen!r}")
            try:
                data = os.read(self._master, 65536).decode("utf-8", "replace")
            except OSError:
                pytest.fail(f"no {text!r} before the end; there is:\n{self.screen!r}")
            self.screen += re.sub(r"\x1b\[\?2004[hl]|\r", "", data)
        before, _, self.screen = self.screen.partition(text)
        return before + text

    def say(self, line: str) -> str:
        """Type a line; return the output before the next prompt, without a spinner."""
        self.type(line + "\n")
        return SPINNER.sub("", self.until(READY).partition("\n")[2].removesuffix(READY))

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.answers["HEAD /"] = (200, b"")
        canned.json("POST /api/show", {"details": {}, "parameters": "temperature                    0"})
        canned.stream("POST /api/generate", {"done": True, "done_reason": "load"})
        reply(canned, "Hi ", "there.")
        yield canned


def reply(server: Canned, *pieces: Any) -> None:
    messages = [p if isinstance(p, float) else {"message": {"content": p}, "done": False} for p in pieces]
    server.stream(
        "POST /api/chat", *messages, {"message": {"content": ""}, "done": True, "total_duration": 2_000_000_000}
    )


@pytest.fixture
def terminal(server: Canned, tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(server.url, tmp_path, "run", "stories")
    try:
        terminal.until(READY)
        yield terminal
    finally:
        terminal.close()


def last_request(server: Canned, key: str = "POST /api/chat") -> Any:
    return server.bodies(key)[-1]


def test_every_request_has_the_whole_conversation(server: Canned, terminal: Terminal) -> None:
    assert terminal.say("hello") == "Hi there.\n\n"
    terminal.say("again")
    assert last_request(server)["messages"] == [
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Hi there."},
        {"role": "user", "content": "again"},
    ]
    terminal.say("/clear")
    terminal.say("new")
    assert last_request(server)["messages"] == [{"role": "user", "content": "new"}]


@pytest.mark.parametrize("end", ["/bye\n", "/exit\n", "\x04"])
def test_leaving_the_chat_gives_status_0(terminal: Terminal, end: str) -> None:
    terminal.type(end)
    assert terminal.process.wait(10) == 0


def test_ctrl_c_at_the_prompt_says_how_to_leave(terminal: Terminal) -> None:
    terminal.type("half a li")
    terminal.until("half a li")
    # A signal that comes in the moment before Python waits for a key is seen only with the next key.
    time.sleep(0.1)
    terminal.type("\x03")
    assert "Use Ctrl + d or /bye to exit.\n" in terminal.until(READY)
    assert terminal.process.poll() is None


def test_ctrl_c_ends_the_reply_and_keeps_the_conversation(server: Canned, terminal: Terminal) -> None:
    reply(server, "One", " two", 0.5, *[0.05, " more"] * 100)
    terminal.type("count\n")
    terminal.until("One two")
    terminal.type("\x03")
    assert " more more more" not in terminal.until(READY)
    assert server.hung_up.wait(5), "the server still sends"
    reply(server, "Yes.")
    assert terminal.say("still there?") == "Yes.\n\n"
    roles = [message["role"] for message in last_request(server)["messages"]]
    assert roles == ["user", "assistant", "user"]
    assert last_request(server)["messages"][1]["content"].startswith("One two")


def test_three_quotes_hold_a_message_of_several_lines(server: Canned, terminal: Terminal) -> None:
    terminal.type('"""one\n')
    terminal.until("... ")
    terminal.say('two"""')
    assert last_request(server)["messages"][-1]["content"] == "one\ntwo"
    terminal.say('"""in one line"""')
    assert last_request(server)["messages"][-1]["content"] == "in one line"


def test_words_are_wrapped_at_the_width_of_the_terminal(server: Canned, terminal: Terminal) -> None:
    reply(server, "abcdefghi " * 3, "abcd", "efghijklmnop")
    shown = terminal.say("go")
    assert "\x1b[K\n" in shown and "abcdefghijklmnop" in re.sub(r".*\x1b\[K\n", "", shown)
    terminal.say("/set nowordwrap")
    assert terminal.say("go") == "abcdefghi " * 3 + "abcdefghijklmnop\n\n"


def test_a_system_message_may_have_several_lines(server: Canned, terminal: Terminal) -> None:
    terminal.type('/set system """Be\n')
    terminal.until("... ")
    terminal.say('brief."""')
    terminal.say("hello")
    assert last_request(server)["messages"][0]["content"] == "Be\nbrief."


def test_unknown_commands_are_not_sent(server: Canned, terminal: Terminal) -> None:
    assert terminal.say("/frob x") == "Unknown command '/frob'. Type /? for help\n"
    assert terminal.say("/set frob") == "Unknown command '/set frob'. Type /? for help\n"
    assert "/set parameter" in terminal.say("/? set")
    assert "/bye" in terminal.say("/?")
    assert server.bodies("POST /api/chat") == []


def test_an_error_leaves_the_conversation_as_it_was(server: Canned, terminal: Terminal) -> None:
    server.json("POST /api/chat", {"error": "the runner crashed"}, 500)
    assert terminal.say("hello") == "Error: 500 Internal Server Error: the runner crashed\n"
    reply(server, "Back.")
    terminal.say("again")
    assert last_request(server)["messages"] == [{"role": "user", "content": "again"}]


def test_the_next_chat_has_the_history_of_the_last(server: Canned, terminal: Terminal, tmp_path: Path) -> None:
    pytest.importorskip("readline")
    terminal.say("hello")
    terminal.say("/set nohistory")
    terminal.say("secret")
    terminal.type("/bye\n")
    assert terminal.process.wait(10) == 0
    file = tmp_path / ".paddock" / "history"
    assert [line for line in file.read_text().splitlines() if not line.startswith("_")] == ["hello", "/set nohistory"]
    assert file.stat().st_mode & 0o077 == 0
    again = Terminal(server.url, tmp_path, "run", "stories")
    try:
        again.until(READY)
        again.type("\x1b[A\x1b[A\n")  # up, up, return
        again.until("Hi there.")
    finally:
        again.close()
    assert last_request(server)["messages"] == [{"role": "user", "content": "hello"}]


def test_a_models_own_messages_are_shown_first(server: Canned, tmp_path: Path) -> None:
    own = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}]
    server.json("POST /api/show", {"messages": own})
    terminal = Terminal(server.url, tmp_path, "run", "stories")
    try:
        assert terminal.until("yo\n\n>>> ").endswith(">>> hi\nyo\n\n>>> ")
    finally:
        terminal.close()


def test_ctrl_c_during_a_single_reply_ends_the_command_quietly(server: Canned, tmp_path: Path) -> None:
    pieces = [{"response": "One", "done": False}, *[0.05, {"response": " more", "done": False}] * 200]
    server.stream("POST /api/generate", *pieces)
    terminal = Terminal(server.url, tmp_path, "run", "stories", "count")
    try:
        terminal.until("One")
        terminal.type("\x03")
        assert terminal.process.wait(10) == 130
        assert server.hung_up.wait(5), "the server still sends"
        terminal.screen += os.read(terminal._master, 65536).decode()
        assert "Traceback" not in terminal.screen
    finally:
        terminal.close()


def test_the_prompt_comes_from_the_arguments_on_a_terminal(server: Canned, tmp_path: Path) -> None:
    server.stream("POST /api/generate", {"response": "Hi", "done": False}, {"response": "", "done": True})
    terminal = Terminal(server.url, tmp_path, "run", "stories", "say", "hi", "--format", json.dumps({"type": "object"}))
    try:
        assert terminal.until("Hi\n\n")
        assert terminal.process.wait(10) == 0
    finally:
        terminal.close()
    request = last_request(server, "POST /api/generate")
    assert (request["prompt"], request["format"]) == ("say hi", {"type": "object"})
