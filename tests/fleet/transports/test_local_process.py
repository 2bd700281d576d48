import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from paddock.fleet.transports import Transport
from paddock.fleet.transports.local_process import LocalProcess

ECHO = """
import os, sys
print("WARNING started with", *sys.argv[1:], file=sys.stderr, flush=True)
while data := os.read(0, 100):
    if data == b"die":
        os.abort()
    os.write(1, data.upper())
"""

LAST_WORDS = """
import os, time
if os.fork():
    os._exit(3)
time.sleep(0.2)
os.write(1, b"last words")
"""

HELD_OPEN = """
import os, time
if os.fork():
    os._exit(3)
time.sleep(12)
"""

DEAF = "import time; print('INFO up', flush=True); time.sleep(60)"


class Recorder:
    """Keeps what a transport hands over."""

    def __init__(self) -> None:
        self.data = b""
        self.lines: list[str] = []
        self.reasons: list[str] = []
        self.pauses: list[bool] = []
        self._changed = asyncio.Event()

    def data_received(self, data: bytes) -> None:
        self.data += data
        self._changed.set()

    def log_received(self, line: str) -> None:
        self.lines.append(line)
        self._changed.set()

    def pause_writing(self) -> None:
        self.pauses.append(True)
        self._changed.set()

    def resume_writing(self) -> None:
        self.pauses.append(False)
        self._changed.set()

    def connection_lost(self, reason: str) -> None:
        self.reasons.append(reason)
        self._changed.set()

    async def until(self, condition: Callable[["Recorder"], object]) -> None:
        async with asyncio.timeout(10):
            while not condition(self):
                self._changed.clear()
                await self._changed.wait()


def run(
    script: str, body: Callable[[Transport, Recorder], Awaitable[None]], *folders: Path, seconds: float = 10
) -> None:
    async def main() -> None:
        process = LocalProcess("m", folders, command=(sys.executable, "-c", script), shutdown_seconds=seconds)
        recorder = Recorder()
        await process.open(recorder)
        await body(process, recorder)

    asyncio.run(main())


def test_bytes_go_to_the_process_and_come_back_and_its_log_comes_as_lines() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        process.send(b"frame")
        await recorder.until(lambda r: r.data == b"FRAME" and r.lines)
        assert recorder.lines == ["WARNING started with /a /b"]
        await process.close()
        assert recorder.reasons == ["exit status 0"]
        await process.close()
        process.send(b"dropped")

    run(ECHO, body, Path("/a"), Path("/b"))


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_dies_is_reported_once_with_its_signal() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        process.send(b"die")
        await recorder.until(lambda r: r.reasons)
        await process.close()
        assert recorder.reasons == ["signal 6"]

    run(ECHO, body)


def test_a_process_that_fails_is_reported_with_its_exit_status() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        await recorder.until(lambda r: r.reasons)
        assert recorder.reasons == ["exit status 3"]

    run("raise SystemExit(3)", body)


@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_the_last_bytes_of_a_process_come_before_its_end() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        await recorder.until(lambda r: r.reasons)
        assert recorder.data == b"last words"
        assert recorder.reasons == ["exit status 3"]
        process.abort()
        await process.close()

    run(LAST_WORDS, body)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform == "win32", reason="fork")
def test_a_process_that_has_exited_is_gone_though_another_one_holds_its_outputs_open() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        await recorder.until(lambda r: r.reasons)
        assert recorder.reasons == ["exit status 3"]
        assert recorder.data == b""
        await process.close()

    run(HELD_OPEN, body)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_process_that_does_not_leave_is_killed(caplog: pytest.LogCaptureFixture) -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        await recorder.until(lambda r: r.data)
        with caplog.at_level(logging.WARNING, "paddock.runner"):
            await process.close()
        assert recorder.reasons == ["signal 9"]
        assert f"m: {process.label} does not leave, killing it" in caplog.text

    run(DEAF, body, seconds=0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_aborting_kills_the_process() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        process.abort()
        await recorder.until(lambda r: r.reasons)
        assert recorder.reasons == ["signal 9"]

    run(DEAF, body)


def test_a_program_that_cannot_be_started_is_an_error(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(OSError, match="absent"):
            await LocalProcess("m", command=[str(tmp_path / "absent")]).open(Recorder())

    asyncio.run(main())


def test_a_process_that_does_not_read_its_input_asks_for_a_pause() -> None:
    async def body(process: Transport, recorder: Recorder) -> None:
        process.send(b"x" * 2_000_000)
        assert recorder.pauses == [True]
        await recorder.until(lambda r: r.pauses == [True, False])
        await recorder.until(lambda r: len(r.data) == 2_000_000)
        await process.close()

    run(ECHO, body)
