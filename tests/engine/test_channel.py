"""The runner's pipes: commands reach the inbox, events leave whole, and the process ends with its input."""

import os
import subprocess
import sys

import pytest

from paddock import ipc

SCRIPT = """
from paddock.engine.channel import Channel
from paddock.engine.inbox import Inbox
from paddock import ipc
inbox = Inbox()
channel = Channel(inbox)
print("a print of the library")
while True:
    command = inbox.get()
    channel.send(ipc.Tokens.of(command.id, range(command.id)))
"""

FAILING = """
import threading
from paddock.engine.channel import Channel
class FailingInbox:
    def post(self, item):
        raise MemoryError
channel = Channel(FailingInbox())
threading.Event().wait()
"""


@pytest.fixture
def process() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_events_larger_than_a_pipe_leave_whole_and_in_order(process: "subprocess.Popen[bytes]") -> None:
    numbers = [3, 200_000, 5]
    assert process.stdin is not None and process.stdout is not None
    for number in numbers:
        process.stdin.write(ipc.encode(ipc.Tokenize(number, "")))
    process.stdin.flush()
    frames, events = ipc.Frames(), list[ipc.Event]()
    while len(events) < len(numbers):
        events += [ipc.decode_event(body) for body in frames.feed(os.read(process.stdout.fileno(), 1 << 16))]
    assert events == [ipc.Tokens.of(number, list(range(number))) for number in numbers]
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, b"a print of the library" in errors) == (0, True)


def test_broken_input_ends_the_process(process: "subprocess.Popen[bytes]") -> None:
    output, errors = process.communicate(b"\x02\x00\x00\x00\xc1\xc1", timeout=20)
    assert output == b""
    assert b"the channel to the server broke" in errors


def test_a_failure_while_reading_commands_ends_the_process() -> None:
    process = subprocess.Popen([sys.executable, "-c", FAILING], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None and process.stderr is not None
    process.stdin.write(ipc.encode(ipc.Tokenize(1, "")))
    process.stdin.flush()  # the input stays open
    try:
        assert process.wait(timeout=20) == 0
        assert b"MemoryError" in process.stderr.read()
    finally:
        process.kill()
        process.communicate()
