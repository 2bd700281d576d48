"""What killed servers leave behind goes at the next start; what living ones work on stays."""

import hashlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.models.llama import tiny_llama
from tests.pressure.test_queue import Creation, quantizing
from tests.server.servers import ServerUnderTest, until

DATA = os.urandom(3_000_000)

PRUNE = """
import sys
from pathlib import Path
from paddock.library.store.library import Library

library = Library(Path(sys.argv[1]))
library.prune()
"""


class Upload:
    """An upload of which a part has come."""

    def __init__(self, server: ServerUnderTest, data: bytes) -> None:
        self.digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._rest = data[len(data) // 2 :]
        before = set(temporary_files(server.models))
        self.socket: socket.socket = server.connect()
        head = f"POST /api/blobs/{self.digest} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(data)}\r\n\r\n"
        self.socket.sendall(head.encode() + data[: len(data) // 2])
        until(lambda: len(set(temporary_files(server.models)) - before) == 1)
        self.file = (set(temporary_files(server.models)) - before).pop()

    def finish(self) -> str:
        """Send the rest and return the status line of the answer."""
        self.socket.sendall(self._rest)
        return self.socket.recv(65536).split(b"\r\n")[0].decode()


def temporary_files(models: Path) -> list[Path]:
    return [path for path in models.rglob(".paddock-*.tmp") if path.is_file()]


def kill(server: ServerUnderTest) -> None:
    """Kill a server and wait until its workers have noticed."""
    children = server.runners()
    server.process.kill()
    server.process.wait()
    psutil.wait_procs(children, timeout=30)


def test_a_killed_upload_goes_at_the_next_start_while_a_living_one_goes_on(tmp_path: Path) -> None:
    models = str(tmp_path / "models")
    killed, living = (ServerUnderTest(tmp_path, MODELS=models) for _ in range(2))
    with living:
        lost, kept = Upload(killed, DATA), Upload(living, DATA[::-1])
        kill(killed)
        assert lost.file.exists()
        with ServerUnderTest(tmp_path, MODELS=models) as next_one:
            assert not lost.file.exists() and kept.file.exists()
            assert kept.finish() == "HTTP/1.1 201 Created"
            assert next_one.request("HEAD", f"/api/blobs/{kept.digest}").status == 200
        assert temporary_files(tmp_path) == []


def test_a_killed_quantization_goes_at_the_next_start(tmp_path: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", tiny_llama(tmp_path / "x.gguf"))
        creation = Creation(server, "small")
        until(lambda: bool(quantizing(server)))
        worker = quantizing(server)[0]
        worker.send_signal(signal.SIGSTOP)
        server.process.kill()
        server.process.wait()
        creation.hang_up()
        assert len(temporary_files(server.models)) == 1
        worker.send_signal(signal.SIGCONT)
        worker.wait(30)
    with ServerUnderTest(tmp_path) as server:
        assert temporary_files(server.models) == []
        assert server.tags().keys() == {"tiny:latest"}


def test_pruning_removes_what_killed_servers_left_and_nothing_else(tmp_path: Path) -> None:
    models = str(tmp_path / "models")
    killed, living = (ServerUnderTest(tmp_path, MODELS=models) for _ in range(2))
    with living:
        lost, kept = Upload(killed, DATA), Upload(living, DATA[::-1])
        kill(killed)
        subprocess.run([sys.executable, "-c", PRUNE, models], check=True, timeout=60)
        assert not lost.file.exists() and kept.file.exists()
        assert kept.finish() == "HTTP/1.1 201 Created"


def can_unshare() -> bool:
    command = ["unshare", "--pid", "--fork", "--mount-proc", "true"]
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.skipif(not can_unshare(), reason="needs to start a process in a namespace of its own, as containers have")
def test_a_server_in_a_container_neither_loses_its_files_nor_takes_those_of_others(tmp_path: Path) -> None:
    models = str(tmp_path / "models")
    in_container = ["unshare", "--pid", "--fork", "--mount-proc"]
    with ServerUnderTest(tmp_path, MODELS=models) as outside:
        kept = Upload(outside, DATA)
        subprocess.run([*in_container, sys.executable, "-c", PRUNE, models], check=True, timeout=60)
        assert kept.file.exists(), "a server outside of the container works on it"
        leave = "import os, sys; from pathlib import Path; from paddock.library.store.files import open_temporary\n"
        leave += "file, path = open_temporary(Path(sys.argv[1])); print(path, flush=True); input()"
        command = [*in_container, sys.executable, "-c", leave, str(outside.models / "blobs")]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as inside:
            assert inside.stdout is not None
            file = Path(inside.stdout.readline().strip())
            subprocess.run([sys.executable, "-c", PRUNE, models], check=True, timeout=60)
            assert file.exists(), "a server in a container works on it"
            inside.communicate("\n")
        subprocess.run([sys.executable, "-c", PRUNE, models], check=True, timeout=60)
        assert not file.exists()
        assert kept.finish() == "HTTP/1.1 201 Created"
