"""Archives and manifests of strangers: a server that reads them goes on, and says what is wrong with them."""

import contextlib
import hashlib
import io
import json
import tarfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from paddock.library.names import ModelName
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest, unchanged

MEGABYTE = 1 << 20
END = bytes(1024)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    folder = tmp_path_factory.mktemp("archives")
    with ServerUnderTest(folder / "server") as server:
        server.import_gguf("tiny", tiny_llama(folder / "tiny.gguf"), template="{{ .Prompt }}")
        yield server


def member(name: str = "a", data: bytes = b"", kind: bytes = tarfile.REGTYPE, size: int | None = None) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = len(data) if size is None else size, kind
    return info.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512)


def records(*values: tuple[str, str]) -> bytes:
    body = b""
    for key, value in values:
        rest = f" {key}={value}\n".encode()
        length = len(rest)
        while len(str(length)) + len(rest) != length:
            length += 1
        body += str(length).encode() + rest
    return body


def pax(*values: tuple[str, str], kind: bytes = tarfile.XHDTYPE) -> bytes:
    return member("pax", records(*values), kind)


DIGITS = "1" * 100_000
ATTACKS = {
    "a number of 100,000 digits": member("p", DIGITS.encode(), tarfile.XHDTYPE) + member() + END,
    "a length of 100,000 digits": member("p", DIGITS.encode() + b" a=b\n", tarfile.XHDTYPE) + member() + END,
    "digits before hdrcharset": member("p", DIGITS.encode() + b" hdrcharset=x\n", tarfile.XHDTYPE) + member() + END,
    "a size of 100,000 digits": pax(("size", DIGITS)) + member() + END,
    "a time of 100,000 digits": pax(("mtime", DIGITS)) + member() + END,
    "a sparse size of 100,000 digits": pax(("GNU.sparse.size", DIGITS)) + member() + END,
    "a sparse map of 100,000 numbers": pax(("GNU.sparse.map", "1," * 100_000 + "1")) + member() + END,
    "a sparse map in the data": pax(("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0")) + member("a", b"9" * 500_000),
    "20,000 nested headers": pax(("a", "b")) * 20_000 + member() + END,
    "900 nested headers": pax(("a", "b")) * 900 + member() + END,
    "20,000 nested global headers": pax(("a", "b"), kind=tarfile.XGLTYPE) * 20_000 + member() + END,
    "20,000 nested long names": member("././@LongLink", b"x" * 20, tarfile.GNUTYPE_LONGNAME) * 20_000 + member() + END,
    "a long name of a megabyte": member("././@LongLink", b"x" * (MEGABYTE - 1024), tarfile.GNUTYPE_LONGNAME) + member(),
    "a header that claims 16 GB": member("p", kind=tarfile.XHDTYPE, size=1 << 34) + bytes(4096),
    "a file that claims 2^60 bytes": member("a", size=1 << 60) + bytes(4096),
    "a size below zero": pax(("size", "-1024")) + member("a", b"x") + END,
    "a folder with a size": member("a", kind=tarfile.DIRTYPE, size=1 << 40) + bytes(4096),
    "20,001 files": member("a") * 20_001 + END,
    "50,000 attributes": pax(*((f"k{n}", "v") for n in range(50_000)), kind=tarfile.XGLTYPE) + member() + END,
    "80,000 attributes in 80 headers": b"".join(
        pax(*((f"k{n}", "v") for n in range(k, k + 1000)), kind=tarfile.XGLTYPE) + member()
        for k in range(0, 80_000, 1000)
    )
    + member() * 20_000
    + END,
    "16,000 digits in 60 headers": (member("p", b"1" * 16_000, tarfile.XHDTYPE) + member()) * 60 + END,
    "15,000 digits before hdrcharset in 60 headers": (
        member("p", records(("a", "1" * 15_000)) + b"1" * 500 + b" hdrcharset=x\n", tarfile.XHDTYPE) + member()
    )
    * 60
    + END,
    "a sparse file": pax(("GNU.sparse.map", "0,1"), ("GNU.sparse.size", str(1 << 50))) + member("a", b"x") + END,
    "an index of 100,000 brackets": member("index.json", b"[" * 100_000) + END,
    "an index of another shape": member("index.json", b'{"manifests": [7]}') + END,
    "an index with numbers": member("index.json", b'{"manifests": [{"digest": 1e999}]}') + END,
    "a file that is gzip": b"\x1f\x8b" + bytes(5000),
    "zeros": bytes(100_000),
    "nothing": b"",
    "noise": hashlib.sha256(b"").digest() * 1000,
}


@contextlib.contextmanager
def watched(server: ServerUnderTest) -> Iterator[list[float]]:
    """Ask the server for its version all the time; give how many seconds each answer took."""
    took: list[float] = []
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            began = time.monotonic()
            assert server.get("/api/version").status == 200
            took.append(time.monotonic() - began)
            time.sleep(0.01)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield took
    finally:
        done.set()
        thread.join()


SLOW = ("80,000 attributes in 80 headers", "16,000 digits in 60 headers")
"""Those that take all the time that the worker has."""


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.thorough if n in SLOW else ()) for n in ATTACKS])
def test_a_hostile_archive_is_refused_while_others_are_answered(server: ServerUnderTest, name: str) -> None:
    logged = len(server.log)
    with unchanged(server), watched(server) as took:
        began = time.monotonic()
        answer = server.post("/api/import?model=new", ATTACKS[name])
        assert time.monotonic() - began < 100  # the worker itself is given 3 s of a processor
    assert answer.status == 400, answer.body
    assert "\n" not in answer.error and len(answer.error) < 400
    assert max(took) < 5, took
    assert "Traceback" not in server.log[logged:]


def test_its_workers_are_gone_and_the_server_has_not_grown(server: ServerUnderTest) -> None:
    process = psutil.Process(server.process.pid)
    server.post("/api/import?model=new", ATTACKS["50,000 attributes"])
    before = process.memory_info().rss
    for _ in range(5):
        server.post("/api/import?model=new", ATTACKS["a number of 100,000 digits"])
        server.post("/api/import?model=new", ATTACKS["900 nested headers"])
    assert process.memory_info().rss < before + (50 << 20)
    assert [child for child in process.children(recursive=True) if "archive_worker" in " ".join(child.cmdline())] == []


def test_a_client_that_leaves_within_an_archive_leaves_no_worker(server: ServerUnderTest) -> None:
    with server.connect() as connection:
        connection.sendall(
            b"POST /api/import?model=new HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"
            + member("a", size=99)
        )
        deadline = time.monotonic() + 20
        while not psutil.Process(server.process.pid).children() and time.monotonic() < deadline:
            time.sleep(0.02)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        children = psutil.Process(server.process.pid).children(recursive=True)
        if not [c for c in children if "archive_worker" in " ".join(c.cmdline())]:
            return
        time.sleep(0.05)
    raise AssertionError("the worker is still there")


def test_an_archive_of_a_model_comes_back(server: ServerUnderTest) -> None:
    archive = server.post("/api/export", {"model": "tiny"}).body
    assert server.post("/api/import?model=again", archive).json == {"status": "success", "model": "again:latest"}
    assert server.tags()["again:latest"]["digest"] == server.tags()["tiny:latest"]["digest"]
    assert server.request("DELETE", "/api/delete", {"model": "again"}).status == 200


def put(server: ServerUnderTest, name: str, config: bytes = b"{}", **layers: bytes) -> None:
    """Write a model into the server's folder, as another program might."""

    def entry(kind: str, data: bytes) -> dict[str, Any]:
        digest = hashlib.sha256(data).hexdigest()
        (server.models / "blobs" / f"sha256-{digest}").write_bytes(data)
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(data)}

    tiny = json.loads(manifest_of(server, "tiny").read_bytes())
    model = next(layer for layer in tiny["layers"] if layer["mediaType"].endswith("model"))
    manifest = tiny | {
        "config": entry("application/vnd.docker.container.image.v1+json", config),
        "layers": [model, *(entry(f"application/vnd.ollama.image.{kind}", data) for kind, data in layers.items())],
    }
    path = manifest_of(server, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest))


def manifest_of(server: ServerUnderTest, name: str) -> Path:
    return server.models.joinpath("manifests", *ModelName.parse(name).parts)


DEEP = b"[" * 100_000
LAYERS: list[tuple[str, bytes]] = [
    ("messages", b"[{}]"),
    ("messages", b'[{"content": "x"}]'),
    ("messages", b'[{"role": 5}]'),
    ("messages", b'[{"role": "user", "content": 7}]'),
    ("messages", b'[{"role": null, "content": "x"}]'),
    ("messages", b"{}"),
    ("messages", b"5"),
    ("messages", b'"x"'),
    ("messages", DEEP),
    ("messages", b"\xff\xfe"),
    ("messages", b"[1e999]"),
    ("messages", b'[%s{"role":""}]' % (b'{"role":""},' * 1_300_000)),
    ("params", b'{"a": [%s[]]}' % (b"[]," * 5_000_000)),
    ("config", b'{"model_families": [%s""]}' % (b'"",' * 5_000_000)),
    ("params", b"[]"),
    ("params", b"{"),
    ("params", b'"x"'),
    ("params", DEEP),
    ("params", b'{"top_k": 1e999}'),
    ("params", b'{"top_k": %s}' % (b"9" * 5000)),
    ("config", b"[]"),
    ("config", b"7"),
    ("config", b'{"model_format": 7}'),
    ("config", b'{"model_families": {}}'),
    ("config", DEEP),
    ("config", b""),
    ("config", b"\xff"),
]


@pytest.mark.parametrize(("kind", "data"), LAYERS, ids=lambda value: str(value)[:30])
def test_a_layer_of_another_shape_is_told_with_the_model_and_the_layer(
    server: ServerUnderTest, kind: str, data: bytes
) -> None:
    put(server, "odd", **{kind: data})
    before = psutil.Process(server.process.pid).memory_info().rss
    try:
        for path, body in (
            ("show", {"model": "odd"}),
            ("generate", {"model": "odd", "prompt": "x", "stream": False}),
            ("chat", {"model": "odd", "messages": [{"role": "user", "content": "x"}], "stream": False}),
        ):
            answer = server.post(f"/api/{path}", body)
            assert answer.status == 500, answer.body
            assert "'odd:latest'" in answer.error and kind in answer.error, answer.error
            assert "\n" not in answer.error and len(answer.error) < 400
        assert "tiny:latest" in server.tags()
        assert psutil.Process(server.process.pid).memory_info().rss < before + (150 << 20)
    finally:
        assert server.request("DELETE", "/api/delete", {"model": "odd"}).status == 200
    assert "Traceback" not in server.log


@pytest.mark.parametrize("data", [b'{"temperature": "hot"}', b'{"stop": "x"}', b'{"top_k": {}}', b'{"use_mmap": 1}'])
def test_a_parameter_of_another_type_is_told_with_the_model(server: ServerUnderTest, data: bytes) -> None:
    put(server, "odd", params=data)
    answer = server.generate("odd")
    assert answer.status == 400 and "odd:latest" in answer.error and "parameters" in answer.error
    assert server.post("/api/show", {"model": "odd"}).status == 200
    assert {"odd:latest", "tiny:latest"} <= server.tags().keys()
    server.request("DELETE", "/api/delete", {"model": "odd"})


def test_messages_without_content_are_empty(server: ServerUnderTest) -> None:
    put(server, "odd", messages=b'[{"role": "system"}, 7, null, {"role": "user", "content": null}]')
    answer = server.chat("odd", ("user", "x"), options={"num_predict": 1})
    assert answer.status == 200, answer.body
    server.request("DELETE", "/api/delete", {"model": "odd"})


def test_a_text_that_is_named_a_thousand_times_is_not_read_a_thousand_times(server: ServerUnderTest) -> None:
    text = b"x" * (8 << 20)
    put(server, "odd", license=text)
    path = manifest_of(server, "odd")
    manifest = json.loads(path.read_bytes())
    manifest["layers"] += [manifest["layers"][-1]] * 5000
    path.write_text(json.dumps(manifest))
    before = psutil.Process(server.process.pid).memory_info().rss
    began = time.monotonic()
    assert "tiny:latest" in server.tags()
    assert "license" in server.post("/api/show", {"model": "odd"}).error
    assert time.monotonic() - began < 20
    assert psutil.Process(server.process.pid).memory_info().rss < before + (200 << 20)
    server.request("DELETE", "/api/delete", {"model": "odd"})


EMPTY = b'{"schemaVersion": 2, "mediaType": "x", "config": {"mediaType": "", "digest": "", "size": %s}, "layers": []}'


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"7",
        DEEP,
        b'{"layers": 5}',
        b'{"schemaVersion": 2, "mediaType": "x", "config": {}, "layers": [{}]}',
        EMPTY % b"1e999",
        EMPTY % (b"9" * 400),
        EMPTY % b"-1",
        b"\xff" * 1000,
        b" " * (5 << 20),
    ],
    ids=lambda value: value[:40].decode("latin-1"),
)
def test_a_manifest_of_any_shape_breaks_only_its_model(server: ServerUnderTest, manifest: bytes) -> None:
    path = manifest_of(server, "odd")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(manifest)
    assert "tiny:latest" in server.tags()
    for request in ("show", "generate"):
        answer = server.post(f"/api/{request}", {"model": "odd"})
        assert answer.status == 500 and "odd:latest" in answer.error, answer.body
    assert server.request("DELETE", "/api/delete", {"model": "odd"}).status == 200


def test_a_manifest_in_an_archive_is_checked_as_one_of_a_registry(server: ServerUnderTest) -> None:
    for manifest in (DEEP, b'{"layers": 5}', b"[]", b'{"schemaVersion": 2, "config": {}, "layers": [{}]}'):
        digest = hashlib.sha256(manifest).hexdigest()
        index = json.dumps({"manifests": [{"digest": f"sha256:{digest}"}]}).encode()
        file = io.BytesIO(member("index.json", index) + member(f"blobs/sha256/{digest}", manifest) + END)
        with unchanged(server):
            answer = server.post("/api/import?model=new", file.getvalue())
        assert answer.status == 400 and "\n" not in answer.error, answer.body
