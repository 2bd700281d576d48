import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from paddock.server import run
from paddock.settings import Settings
from tests.models.kinds import full_attention
from tests.server.servers import ServerUnderTest, free_port, until

LINE = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d INFO +(\d{3}) +[\d.]+ms +127\.0\.0\.1  (\w+) +(\S+)$", re.MULTILINE)


def test_each_request_leaves_one_line_in_the_log(tmp_path: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.get("/api/tags?x=y")
        server.get("/nope/%0a%1b[31m")
        server.generate("nope")
        server.get("/", {"Host": "evil.com"})

        def lines() -> list[tuple[str, str, str]]:
            """Return the lines without those of the wait for the server's start."""
            return [line for line in LINE.findall(server.log) if line != ("200", "GET", "/")]

        until(lambda: len(lines()) >= 4)
        assert lines() == [
            ("200", "GET", "/api/tags"),
            ("404", "GET", "/nope/\\n\\x1b[31m"),
            ("404", "POST", "/api/generate"),
            ("403", "GET", "/"),
        ]
        assert re.search(r"INFO +this machine has \d+ cores?, \d+\.\d GiB of free memory", server.log)
        assert "Traceback" not in server.log


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_and_its_runners_cleanly(tmp_path: Path, tiny: Path, number: signal.Signals) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", tiny)
        server.generate("tiny", "")
        (runner,) = server.runners()
        started = time.monotonic()
        assert server.stop(number) == 0
        assert time.monotonic() - started < 15
        assert not runner.is_running()
        # The line of the last request may come after it: it is written when its connection is done with.
        assert any(line.endswith("stopping") for line in server.log.splitlines()[-2:])
        assert "Traceback" not in server.log


def test_a_signal_during_a_reply_ends_the_reply_with_an_error(tmp_path: Path, tiny: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", tiny)
        server.generate("tiny", "")
        endless = {"num_predict": -1, "num_ctx": 512}
        replies: list[bytes] = []
        threads = [
            threading.Thread(target=lambda: replies.append(server.generate("tiny", stream=True, options=endless).body))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        runners = server.runners()
        assert server.stop() == 0
        for thread in threads:
            thread.join(10)
        assert len(replies) == 3
        for reply in replies:
            assert b'"error"' in reply.splitlines()[-1] or b'"done":true' in reply.splitlines()[-1]
        assert not any(runner.is_running() for runner in runners)
        assert "Traceback" not in server.log


def test_runners_end_within_two_seconds_when_the_server_is_killed(tmp_path: Path, tiny: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", tiny)
        server.generate("tiny", "")
        (runner,) = server.runners()
        server.process.kill()
        _, alive = psutil.wait_procs([runner], timeout=2)
        assert not alive


def test_a_runner_that_dies_fails_its_request_and_the_next_request_loads_again(tmp_path: Path, tiny: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", tiny)
        server.generate("tiny", "")
        (runner,) = server.runners()
        os.kill(runner.pid, signal.SIGSTOP)
        answers = []
        thread = threading.Thread(target=lambda: answers.append(server.generate("tiny")))
        thread.start()
        time.sleep(0.3)
        os.kill(runner.pid, signal.SIGKILL)
        thread.join(10)
        assert answers[0].status == 500
        assert answers[0].error.startswith("model runner has unexpectedly stopped (signal 9")
        assert server.ps() == {}
        assert server.generate("tiny", options={"num_predict": 2}).status == 200


def test_a_runner_that_dies_in_a_stream_ends_it_with_an_error_line(tmp_path: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", full_attention(tmp_path / "endless.gguf"))  # whose replies do not end before
        server.generate("tiny", "")
        (runner,) = server.runners()
        body = b'{"model":"tiny","prompt":"x","options":{"num_predict":-1}}'
        head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
        with server.connect() as connection:
            connection.sendall(head % (len(body), body))
            received = connection.recv(4096)
            runner.kill()
            while piece := connection.recv(65536):
                received += piece
        assert b'{"error":"model runner has unexpectedly stopped (signal 9' in received
        assert received.endswith(b"}\n\r\n0\r\n\r\n")
        assert server.generate("tiny", options={"num_predict": 2}).status == 200


def test_the_server_process_never_imports_the_engine_or_what_only_runners_need() -> None:
    script = (
        "import sys, paddock.server.run, paddock.cli.commands.serve\n"
        "found = {'paddock.engine', 'llama_cpp', 'numpy', 'jinja2', 'rich', 'gguf'} & set(sys.modules)\n"
        "sys.exit(f'imported: {sorted(found)}' if found else 0)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_server_that_has_answered_chats_has_not_mapped_the_library_of_the_engine(server: ServerUnderTest) -> None:
    assert server.chat("tiny", ("user", "x")).status == 200
    mapped = {Path(m.path).name for m in psutil.Process(server.process.pid).memory_maps()}
    assert not [name for name in mapped if "llama" in name or "ggml" in name or "numpy" in name]


def test_a_second_server_on_the_same_port_fails_with_a_message(server: ServerUnderTest, tmp_path: Path) -> None:
    with ServerUnderTest(tmp_path, port=server.port, wait=False) as second:
        assert second.process.wait(10) == 1
        assert second.log == f"Error: 127.0.0.1:{server.port} is in use: is a server running already?\n"
    assert server.get("/").status == 200


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("MODELS", "/dev/null/x", "/dev/null/x"),
        ("HOST", "127.0.0.1:99999", "the port must be a number"),
        ("KEEP_ALIVE", "soon", "soon"),
        ("CONFIG", "/nowhere", "PADDOCK_CONFIG"),
    ],
)
def test_a_server_that_cannot_start_prints_the_reason_in_one_line(
    tmp_path: Path, setting: str, value: str, said: str
) -> None:
    with ServerUnderTest(tmp_path, wait=False, port=None, **{setting: value}) as server:
        assert server.process.wait(10) == 1
        assert said in server.log
        assert len(server.log.splitlines()) == 1


def test_the_system_asks_whether_a_silent_client_is_still_there() -> None:
    with run._listen(Settings(port=free_port())) as listener, socket.socket() as client:
        client.connect(listener.getsockname())
        connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_an_idle_server_needs_little_memory(tmp_path: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        assert psutil.Process(server.process.pid).memory_info().rss < 60 << 20
