"""Long work waits for its turn and says so; quick requests wait for none of it."""

import http.client
import json
import os
import queue
import signal
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest, until

QUICK_SECONDS = 5.0
"""A bound for requests that need milliseconds on a quiet machine, and that once waited for the end of all long work."""
MAX_OF_ONE_CLIENT = 32
EXPORTS_AT_ONCE = 8


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture
def server(tmp_path: Path, tiny: Path) -> Iterator[ServerUnderTest]:
    """A server on two cores, which quantizes one model at once, with a model that is loaded."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(sorted(cores)[:2]))
    try:
        running = ServerUnderTest(tmp_path)
    finally:
        os.sched_setaffinity(0, cores)
    with running as server:
        server.import_gguf("tiny", tiny, parameters={"num_predict": 4})
        server.generate("tiny")
        yield server


class Creation:
    """A streamed request to quantize `tiny`, whose lines a thread reads."""

    def __init__(self, server: ServerUnderTest, name: str, address: str = "127.0.0.1") -> None:
        self.lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self.seen: list[dict[str, Any]] = []
        self.ended_at = 0.0
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", server.port, timeout=120, source_address=(address, 0)
        )
        body = {"model": name, "from": "tiny", "quantize": "q4_0"}
        self._connection.request("POST", "/api/create", json.dumps(body))
        self.socket: socket.socket = self._connection.sock
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            with self._connection.getresponse() as response:
                self.status = response.status
                for line in response:
                    self.lines.put(json.loads(line))
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            pass
        self.ended_at = time.monotonic()
        self.lines.put({})

    def next_line(self) -> dict[str, Any]:
        """Wait for the next line; {} is the end."""
        line = self.lines.get(timeout=60)
        self.seen.append(line)
        return line

    def end(self) -> list[str]:
        """Wait for the end and return every status that was said."""
        while not self.seen or self.seen[-1]:
            self.next_line()
        return [line.get("status", line.get("error", "")) for line in self.seen[:-1]]

    def hang_up(self) -> None:
        """Close the connection with a reset: an end of the input alone may mean that the client still listens."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.shutdown(socket.SHUT_RD)  # ends the thread
        self._thread.join(60)
        self._connection.close()


def quantizing(server: ServerUnderTest) -> list[psutil.Process]:
    """The worker processes that quantize."""
    found = []
    for child in server.runners():
        try:
            if "paddock.engine.quantize" in child.cmdline():
                found.append(child)
        except psutil.NoSuchProcess:
            pass
    return found


def has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def begin_and_hold(server: ServerUnderTest, name: str = "held") -> tuple[Creation, psutil.Process]:
    """Quantize a model, and stop the worker that does it, so that it takes as long as the test likes."""
    creation = Creation(server, name)
    until(lambda: bool(quantizing(server)))
    worker = quantizing(server)[0]
    worker.send_signal(signal.SIGSTOP)
    return creation, worker


def waiting(line: dict[str, Any]) -> int:
    """The number in a line that says how many are before."""
    words = str(line["status"]).split()
    assert words[0] == "waiting:" and words[2:] == ["before", "you"], line
    return int(words[1])


def quick_requests(server: ServerUnderTest) -> None:
    """Check that every quick request is answered quickly."""
    requests: dict[str, Callable[[], Any]] = {
        "generate": lambda: server.generate("tiny").json["done"],
        "show": lambda: server.post("/api/show", {"model": "tiny"}).json["details"],
        "tags": lambda: server.tags()["tiny:latest"],
        "ps": lambda: server.ps()["tiny:latest"],
        "version": lambda: server.get("/api/version").json["version"],
        "create": lambda: server.create("brief", **{"from": "tiny", "system": "Be brief."}).json["status"],
        "copy": lambda: server.post("/api/copy", {"source": "brief", "destination": "copy"}).status == 200,
        "upload": lambda: server.upload(os.urandom(1000)),
        "delete": lambda: server.request("DELETE", "/api/delete", {"model": "copy"}).status == 200,
    }
    for what, ask in requests.items():
        began = time.monotonic()
        assert ask(), what
        assert time.monotonic() - began < QUICK_SECONDS, what


def test_quick_requests_do_not_wait_for_six_quantizations_which_have_turns(server: ServerUnderTest) -> None:
    held, worker = begin_and_hold(server)
    others = []
    for number in range(1, 6):
        creation = Creation(server, f"q{number}")
        assert waiting(creation.next_line()) == number
        others.append(creation)
    quick_requests(server)
    assert len(quantizing(server)) == 1
    worker.send_signal(signal.SIGCONT)
    assert held.end()[-1] == "success"
    for number, creation in enumerate(others, 1):
        said = creation.end()
        assert said[:number] == [f"waiting: {before} before you" for before in range(number, 0, -1)]
        assert said[-1] == "success" and "waiting" not in said[number]
    assert [c.ended_at for c in [held, *others]] == sorted(c.ended_at for c in [held, *others])
    assert {f"q{number}:latest" for number in range(1, 6)} <= server.tags().keys()


def test_a_client_with_one_job_does_not_wait_for_all_jobs_of_another(server: ServerUnderTest) -> None:
    held, worker = begin_and_hold(server)
    many = [Creation(server, f"q{number}") for number in range(3)]
    for creation in many:
        creation.next_line()
    other = Creation(server, "other", address="127.0.0.2")
    assert waiting(other.next_line()) == 1
    worker.send_signal(signal.SIGCONT)
    assert all(creation.end()[-1] == "success" for creation in [held, other, *many])
    assert other.ended_at < min(creation.ended_at for creation in many)


def test_a_job_whose_client_has_gone_leaves_the_queue(server: ServerUnderTest) -> None:
    held, worker = begin_and_hold(server)
    gone, last = Creation(server, "gone"), None
    gone.next_line()
    last = Creation(server, "last")
    assert waiting(last.next_line()) == 2
    gone.hang_up()
    assert waiting(last.next_line()) == 1
    held.hang_up()  # the running one, too
    assert last.end()[-1] == "success"
    assert has_ended(worker)
    assert not {"gone:latest", "held:latest"} & server.tags().keys()


def create_request(model: str, **fields: str) -> bytes:
    body = json.dumps({"model": model, "from": "tiny", "stream": False, **fields})
    return f"POST /api/create HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


def test_a_client_that_just_closes_while_nothing_is_sent_to_it_has_gone_too(server: ServerUnderTest) -> None:
    held, worker = begin_and_hold(server)
    with server.connect() as connection:
        connection.sendall(create_request("gone", quantize="q4_0"))
        last = Creation(server, "last")
        while waiting(last.next_line()) != 2:  # the other one is not in the queue yet
            last.hang_up()
            time.sleep(0.05)
            last = Creation(server, "last")
    assert waiting(last.next_line()) == 1
    worker.send_signal(signal.SIGCONT)
    assert held.end()[-1] == last.end()[-1] == "success"
    assert "gone:latest" not in server.tags()


def test_who_only_ends_its_input_gets_the_answer_of_a_quick_create_and_none_of_a_long_one(
    server: ServerUnderTest,
) -> None:
    assert b'{"status":"success"}' in server.exchange(create_request("brief", system="Be brief."))
    assert b"success" not in server.exchange(create_request("small", quantize="q4_0"))
    assert "brief:latest" in server.tags() and "small:latest" not in server.tags()


def test_who_wants_no_stream_waits_as_well(server: ServerUnderTest) -> None:
    held, worker = begin_and_hold(server)
    answers = []
    body = {"from": "tiny", "quantize": "q8_0"}
    thread = threading.Thread(target=lambda: answers.append(server.create("quiet", **body)))
    thread.start()
    thread.join(0.5)
    assert thread.is_alive()
    worker.send_signal(signal.SIGCONT)
    thread.join(60)
    assert answers[0].json == {"status": "success"} and held.end()[-1] == "success"


def test_a_full_queue_is_503_with_a_sentence(server: ServerUnderTest) -> None:
    _, worker = begin_and_hold(server)
    others = []
    for number in range(1, MAX_OF_ONE_CLIENT + 1):
        others.append(Creation(server, f"q{number}"))
        assert waiting(others[-1].next_line()) == number
    for stream in (True, False):
        answer = server.post("/api/create", {"model": "more", "from": "tiny", "quantize": "q4_0", "stream": stream})
        assert answer.status == 503
        assert answer.error == "32 jobs of yours wait already: try again when some of them are done"
    quick_requests(server)
    for creation in others:
        creation.hang_up()
    worker.send_signal(signal.SIGCONT)


def test_a_server_that_stops_waits_for_no_job(server: ServerUnderTest) -> None:
    held, worker = begin_and_hold(server)
    other = Creation(server, "other")
    other.next_line()
    assert server.stop() == 0
    for creation in (held, other):
        assert creation.end()[-1] in ("the server is stopping", "waiting: 1 before you", "quantizing F32 model to Q4_0")
    assert has_ended(worker)


class Export:
    """A request to export a model, whose client reads the head of the answer and nothing more."""

    def __init__(self, server: ServerUnderTest, model: str, address: str = "127.0.0.1") -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.port), 60, source_address=(address, 0))
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
        body = json.dumps({"model": model})
        head = f"POST /api/export HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        self.socket.sendall((head + body).encode())

    def began(self, seconds: float) -> bool:
        """Return whether the answer begins within some seconds."""
        self.socket.settimeout(seconds)
        try:
            return self.socket.recv(12) == b"HTTP/1.1 200"
        except TimeoutError:
            return False

    def hang_up(self) -> None:
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def test_exports_have_turns_and_keep_nobody_else_waiting(server: ServerUnderTest, tmp_path: Path) -> None:
    server.import_gguf("large", tiny_llama(tmp_path / "large.gguf", width=1024, feed_forward=2048, layers=1))
    running = [Export(server, "large") for _ in range(EXPORTS_AT_ONCE)]
    assert all(export.began(30) for export in running)
    mine = Export(server, "large")
    assert not mine.began(0.3)
    more = Export(server, "large")
    time.sleep(0.3)
    other = Export(server, "large", address="127.0.0.2")
    assert not other.began(0.3)
    quick_requests(server)
    running.pop().hang_up()
    running.pop().hang_up()
    assert mine.began(30) and other.began(30), "the second of the client that has many comes later"
    assert not more.began(0.3)
    for export in (*running, mine, other):
        export.hang_up()
    assert more.began(30)
    more.hang_up()
