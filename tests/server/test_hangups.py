import contextlib
import json
import random
import socket
import struct
import threading
import time
from pathlib import Path

import psutil
import pytest

from tests.server.servers import ServerUnderTest, until

THREADS = 8
LONG = {"num_predict": 400, "num_ctx": 512}


def reset(connection: socket.socket) -> None:
    """Close the connection with an RST."""
    with contextlib.suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def request(chance: random.Random) -> bytes:
    """Return a request that takes a while, streamed or not; some load the model again."""
    fields: dict[str, object] = {"model": "tiny", "stream": chance.random() < 0.6, "options": LONG}
    if chance.random() < 0.1:
        fields["keep_alive"] = 0
    if chance.random() < 0.5:
        path, body = "generate", {**fields, "prompt": "Once " * chance.randrange(1, 60)}
    else:
        path, body = "chat", {**fields, "messages": [{"role": "user", "content": "Once"}]}
    data = json.dumps(body).encode()
    return b"POST /api/%s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (
        path.encode(),
        len(data),
        data,
    )


def hang_up(server: ServerUnderTest, chance: random.Random) -> None:
    """Send a request and hang up at a random moment in a random way."""
    data = request(chance)
    moment = chance.choice(["half a head", "half a body", "at once", "soon", "mid-stream", "closed for writing"])
    with server.connect() as connection:
        if moment == "half a head":
            connection.sendall(data[: chance.randrange(1, 60)])
        elif moment == "half a body":
            connection.sendall(data[:-10])
        else:
            connection.sendall(data)
        if moment == "soon":
            time.sleep(chance.random() * 0.03)
        elif moment == "mid-stream":
            connection.settimeout(0.2)
            with contextlib.suppress(OSError):
                connection.recv(chance.randrange(1, 3000))
        elif moment == "closed for writing":
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_WR)
        if chance.random() < 0.5:
            reset(connection)


def at_rest(server: ServerUnderTest) -> bool:
    """Return whether the runners have stopped computing."""

    def used() -> float:
        total = 0.0
        for runner in server.runners():
            with contextlib.suppress(psutil.NoSuchProcess):
                total += sum(runner.cpu_times()[:2])
        return total

    before = used()
    time.sleep(0.15)
    return used() - before < 0.03


@pytest.fixture
def lonely(tmp_path: Path, tiny: Path) -> ServerUnderTest:
    server = ServerUnderTest(tmp_path, DEBUG="1")
    server.import_gguf("tiny", tiny, template="{{ .Prompt }}", parameters={"temperature": 0})
    return server


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("rounds", [40, pytest.param(1250, marks=pytest.mark.slow)])
def test_clients_that_hang_up_at_any_moment_leave_nothing_behind(lonely: ServerUnderTest, rounds: int) -> None:
    with lonely as server:
        for seed in range(10):
            hang_up(server, random.Random(seed))
        assert server.generate("tiny", options={"num_predict": 2}).status == 200
        process = psutil.Process(server.process.pid)
        memory, files = process.memory_info().rss, process.num_fds()

        def work(number: int) -> None:
            chance = random.Random(1000 + number)
            for _ in range(rounds):
                with contextlib.suppress(ConnectionError, TimeoutError):
                    hang_up(server, chance)

        threads = [threading.Thread(target=work, args=(i,)) for i in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(1000)
        assert not any(thread.is_alive() for thread in threads)

        started = time.monotonic()
        assert server.generate("tiny", options={"num_predict": 2}).status == 200
        assert time.monotonic() - started < 20
        until(lambda: at_rest(server))
        statistics = [line for line in server.log.splitlines() if "Statistics(" in line][-1]
        assert "running=0, waiting=0" in statistics
        assert server.unload("tiny") < 20  # no request holds it any more
        until(lambda: not server.runners())
        until(lambda: process.num_fds() <= files)
        assert process.memory_info().rss - memory < 20 << 20
        assert "Traceback" not in server.log
        assert "unexpected error" not in server.log


def test_a_load_continues_when_its_client_leaves(server: ServerUnderTest) -> None:
    server.unload_all()
    until(lambda: not server.runners())  # or one that is leaving would be taken for the one that comes
    body = b'{"model":"tiny","prompt":"x"}'
    with server.connect() as connection:
        connection.sendall(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 29\r\n\r\n" + body)
        until(lambda: bool(server.runners()))
        reset(connection)
    until(lambda: "tiny:latest" in server.ps())
    until(lambda: at_rest(server))
    assert server.unload("tiny") < 20


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_ends_at_once_when_its_client_leaves(server: ServerUnderTest, stream: bool) -> None:
    server.generate("tiny", "")
    fields = {"model": "tiny", "prompt": "x", "stream": stream, "options": {"num_predict": -1, "num_ctx": 512}}
    body = json.dumps(fields).encode()
    with server.connect() as connection:
        head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s"
        connection.sendall(head % (len(body), body))
        time.sleep(0.1)
    assert server.unload("tiny") < 1.5


def test_idle_connections_do_not_block_other_requests(server: ServerUnderTest) -> None:
    with contextlib.ExitStack() as stack:
        for number in range(300):
            connection = stack.enter_context(server.connect())
            if number % 3 == 0:
                connection.sendall(b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{")
            elif number % 3 == 1:
                connection.sendall(b"GET / HT")
        started = time.monotonic()
        assert server.generate("tiny", options={"num_predict": 2}).status == 200
        assert time.monotonic() - started < 20
    assert server.get("/").status == 200
