"""Pull and push with a registry on this machine, compared with curl; memory, and how long other requests wait."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

from bench.report import Row, at_most
from bench.server import HOST, Server, free_port, models_folder, running
from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.library.store.manifests import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Layer, Manifest

SIZE = 1_000_000_000
SMALL = 200_000_000
ROUNDS = 3
PIECE = 1 << 20
BETWEEN_REQUESTS = 0.005
"""Seconds between two of the other requests."""
START_SECONDS = 20


def measure() -> list[Row]:
    """Measure and return the rows of this scenario."""
    return _measure(SIZE)


def measure_small() -> list[Row]:
    """Measure the same with a fifth of the bytes."""
    return _measure(SMALL)


def _measure(size: int) -> list[Row]:
    missing = [command for command in ("docker-registry", "curl", "sha256sum", "sync") if not shutil.which(command)]
    if missing:
        return [Row("transfers", f"not measured: {', '.join(missing)} missing")]
    curl: list[float] = []
    pulls: list[float] = []
    pushes: list[float] = []
    others: dict[str, list[float]] = {"pull": [], "push": []}
    with models_folder() as models, _docker_registry(models / "registry") as registry:
        name = ModelName.parse(f"{registry}/bench/m")
        digest = _make(Library(models), name, size)
        with running(models) as server:
            for number in range(ROUNDS):
                there = f"{registry}/bench/m{number}"  # a new repository each time: what is there is not sent again
                server.request("POST", "/api/copy", json.dumps({"source": str(name), "destination": there}).encode())
                _delete(server, str(name))  # or the registry would take the layer from its repository
                with _others(server, others["push"]):
                    pushes.append(_seconds(server, "/api/push", there))
                _delete(server, there)
                url = f"http://{registry}/v2/bench/m{number}/blobs/{digest}"
                curl.append(_by_curl(url, models / "curl"))
                with _others(server, others["pull"]):
                    pulls.append(_seconds(server, "/api/pull", there))
                name = ModelName.parse(there)
            peak = _peak(server)
    pulled, pushed = median(pulls), median(pushes)
    rows = [
        Row(f"curl, sha256sum, sync of {size / 1e6:.0f} MB", f"{median(curl):.2f} s", note=_spread(curl)),
        at_most(
            "pull, over curl, sha256sum, sync", pulled / median(curl), 1.1, "x", f"{pulled:.2f} s; {_spread(pulls)}"
        ),
        at_most(
            "push, over curl, sha256sum, sync", pushed / median(curl), 1.5, "x", f"{pushed:.2f} s; {_spread(pushes)}"
        ),
        at_most("peak memory of the server", peak, 100, "MB"),
    ]
    for what, times in others.items():
        p99 = 1000 * quantiles(times, n=100)[-1]
        note = f"longest {1000 * max(times):.0f} ms of {len(times)}"
        rows.append(at_most(f"other requests beside a {what}, p99", p99, 20, "ms", note))
    return rows


def _make(library: Library, name: ModelName, size: int) -> str:
    """Make a model with weights of random bytes, which nobody can compress; return their digest."""
    with library.blobs.writer(claim=False) as writer:
        for start in range(0, size, PIECE):
            writer.write(os.urandom(min(PIECE, size - start)))
        digest = writer.commit()
    config, _ = library.blobs.put(b"{}")
    layers = [Layer(f"{LAYER_TYPE}model", digest, size)]
    library.write(name, Manifest(2, MANIFEST_TYPE, Layer(CONFIG_TYPE, config, 2), layers))
    return digest


def _seconds(server: Server, path: str, name: str) -> float:
    began = time.perf_counter()
    answer = server.request("POST", path, json.dumps({"model": name}).encode())
    if b'"error"' in answer:
        raise RuntimeError(answer.decode())
    return time.perf_counter() - began


def _delete(server: Server, name: str) -> None:
    server.request("DELETE", "/api/delete", json.dumps({"model": name}).encode())


def _by_curl(url: str, file: Path) -> float:
    began = time.perf_counter()
    subprocess.run(["curl", "-sf", "-o", file, url], check=True)
    subprocess.run(["sha256sum", file], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["sync"], check=True)
    seconds = time.perf_counter() - began
    file.unlink()
    return seconds


@contextmanager
def _others(server: Server, times: list[float]) -> Iterator[None]:
    """Send small requests all the time, and record how many seconds each answer took."""
    over = threading.Event()

    def ask() -> None:
        connection = http.client.HTTPConnection(HOST, server.port, timeout=60)
        while not over.wait(BETWEEN_REQUESTS):
            began = time.perf_counter()
            connection.request("GET", "/api/version")
            connection.getresponse().read()
            times.append(time.perf_counter() - began)
        connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _peak(server: Server) -> float:
    """Return the peak memory of the server in megabytes."""
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024 / 1e6


def _spread(times: list[float]) -> str:
    return f"{min(times):.2f}–{max(times):.2f} in {len(times)} rounds"


@contextmanager
def _docker_registry(folder: Path) -> Iterator[str]:
    """Start Debian's registry on a free port, and yield its host and port."""
    host = f"{HOST}:{free_port()}"
    folder.mkdir()
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\nhttp: {{addr: '{host}', secret: x}}\n"
    )
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(["docker-registry", "serve", str(config)], stdout=log, stderr=log)
    try:
        _wait(host, process)
        yield host
    finally:
        process.kill()
        process.wait()


def _wait(host: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection((HOST, int(host.rpartition(":")[2])), timeout=5).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError("docker-registry does not answer")
