import json
import re
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.models.llama import tiny_llama
from tests.models.raw_header import head, text
from tests.server.servers import ServerUnderTest, unchanged

DEEP = b"[" * 100_000
POSTS = ["/api/generate", "/api/chat", "/api/create", "/api/show", "/api/copy"]
U32, STRING = 4, 8
MIB = 1 << 20


@pytest.mark.parametrize("path", [*POSTS, "/api/delete"])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", "missing request body"),
        (b"{", None),
        (b'{"model":', None),
        (b'{"model": tiny}', None),
        (b"not json", None),
        (b"[]", None),
        (b'"tiny"', None),
        (b"5", None),
        (b'{"model": 5, "source": 5}', None),
        (b'{"model": ["tiny"], "source": []}', None),
        (b'{"model": "\xff\xfe", "source": "\xff"}', None),
        (b'{"model": "\\ud800", "source": "\\ud800"}', None),
        (b"\x00", None),
        (b'{"model": "tiny"}{"model": "tiny"}', None),
        (b'{"x": %s' % DEEP, None),
        (b'{"x": %s%s}' % (DEEP, b"]" * len(DEEP)), None),
        (b'{"options": %s%s}' % (b'{"a":' * 5000 + b"1", b"}" * 5000), None),
        (b"1" * 100_000, None),
    ],
)
def test_a_body_that_is_not_a_request_is_refused_with_a_one_line_error(
    server: ServerUnderTest, path: str, body: bytes, error: str | None
) -> None:
    answer = server.request("DELETE" if path == "/api/delete" else "POST", path, body)
    assert answer.status in (400, 404), answer.body[:300]
    said = answer.error
    assert "\n" not in said
    assert len(said) < 300
    assert error is None or (answer.status, said) == (400, error)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/generate", {"prompt": 5}),
        ("/api/generate", {"options": "x"}),
        ("/api/generate", {"options": [1]}),
        ("/api/generate", {"stream": "yes"}),
        ("/api/generate", {"context": "x"}),
        ("/api/generate", {"context": [1.5]}),
        ("/api/generate", {"context": [10**30]}),
        ("/api/generate", {"images": [5]}),
        ("/api/generate", {"format": 5}),
        ("/api/generate", {"format": []}),
        ("/api/generate", {"raw": 1}),
        ("/api/generate", {"top_logprobs": "3"}),
        ("/api/generate", {"top_logprobs": 10**30}),
        ("/api/generate", {"keep_alive": {}}),
        ("/api/generate", {"options": {"num_ctx": 1e400}}),
        ("/api/chat", {"messages": "hi"}),
        ("/api/chat", {"messages": [5]}),
        ("/api/chat", {"messages": [{"role": 5}]}),
        ("/api/chat", {"messages": [{"role": "user", "content": [{"type": "text"}]}]}),
        ("/api/chat", {"messages": [{"role": "user", "content": "x"}], "tools": "x"}),
        ("/api/chat", {"messages": [{"role": "user", "content": "x", "tool_calls": [{}]}]}),
        ("/api/show", {"verbose": "yes"}),
        ("/api/show", {"options": {"temperature": "hot"}}),
        ("/api/create", {"files": "x"}),
        ("/api/create", {"files": {"a": 5}}),
        ("/api/create", {"parameters": [1]}),
        ("/api/create", {"messages": {}}),
        ("/api/create", {"from": 5}),
        ("/api/create", {"license": [5], "from": "tiny"}),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(server: ServerUnderTest, path: str, body: dict[str, Any]) -> None:
    data = json.dumps({"model": "tiny", **body}).replace("Infinity", "1e400").encode()
    with unchanged(server):
        answer = server.post(path, data)
    assert answer.status == 400, answer.body
    assert "\n" not in answer.error


@pytest.mark.parametrize(
    "context", [[-1], [10**9], [-(2**31)], [2**31], [2**62], [2**64], [10**30], [0, 1, 2, 3], [5] * 5000, [259] * 600]
)
def test_a_context_with_tokens_unknown_to_the_model_does_no_harm(server: ServerUnderTest, context: list[int]) -> None:
    answer = server.generate("tiny", context=context, options={"num_predict": 2})
    assert answer.status in (200, 400), answer.body
    assert server.generate("tiny", options={"num_predict": 2}).status == 200


@pytest.mark.parametrize(
    "name",
    ["..", "../x", "a/../b", "a/b/c/d", "/etc/passwd", "a\x00b", "x" * 300, "a:b:c", "a b", "", ".", "%2e%2e", "a\nb"],
)
@pytest.mark.parametrize("path", ["/api/generate", "/api/chat", "/api/show", "/api/create", "/api/copy", "/api/delete"])
def test_an_invalid_name_never_reaches_the_disk(server: ServerUnderTest, path: str, name: str) -> None:
    body = {"model": name, "source": "tiny", "destination": name, "from": "tiny", "messages": []}
    with unchanged(server):
        answer = server.request("DELETE" if path == "/api/delete" else "POST", path, body)
    assert answer.status in (400, 404), answer.body
    assert answer.error


@pytest.mark.parametrize(
    "digest",
    [
        "sha256:abc",
        "md5:00000000000000000000000000000000",
        "x",
        "sha256:" + "g" * 64,
        "sha256:" + "0" * 65,
        "sha256:" + "0" * 63 + "%0a",
        "sha256:..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e",
        "sha256:" + "%EF%BC%90" * 64,
        "sha256:" + "0" * 60000,
    ],
)
def test_a_bad_digest_is_refused(server: ServerUnderTest, digest: str) -> None:
    with unchanged(server):
        answer = server.post(f"/api/blobs/{digest}", b"x")
        assert answer.status in (400, 404)
        if answer.status == 400 and len(digest) < 1000:
            assert answer.error == "invalid digest format"
        assert server.request("HEAD", f"/api/blobs/{digest}").status in (400, 404)


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/generate", "POST"),
        ("GET", "/api/chat", "POST"),
        ("POST", "/api/version", "GET, HEAD"),
        ("POST", "/api/delete", "DELETE"),
        ("DELETE", "/", "GET, HEAD"),
        ("GET", "/api/blobs/sha256:" + "0" * 64, "HEAD, POST"),
        ("BREW", "/api/show", "POST"),
    ],
)
def test_a_wrong_method_is_answered_with_405_and_the_allowed_ones(
    server: ServerUnderTest, method: str, path: str, allowed: str
) -> None:
    answer = server.request(method, path)
    if method == "BREW":
        assert answer.status in (400, 405)
        return
    assert (answer.status, answer.body) == (405, b"405 method not allowed")
    assert sorted(answer.headers["Allow"].split(", ")) == sorted(allowed.split(", "))


@pytest.mark.parametrize(
    "path",
    ["/nope", "/api", "/api/", "/api/generate/", "/api/blobs", "/api/blobs/a/b", "//api/tags", "/" + "x" * 60000],
)
def test_an_unknown_path_is_answered_with_404(server: ServerUnderTest, path: str) -> None:
    answer = server.get(path)
    assert (answer.status, answer.body) == (404, b"404 page not found")


@pytest.mark.parametrize("path", ["/", "/api/version", "/api/tags"])
def test_head_has_the_status_and_no_body(server: ServerUnderTest, path: str) -> None:
    answer = server.request("HEAD", path)
    assert (answer.status, answer.body) == (200, b"")


def test_a_body_of_more_than_100_mb_is_answered_with_413_before_it_is_sent(server: ServerUnderTest) -> None:
    head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000000\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(head)
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(4096)
    assert b" 413 " in answer
    assert b'{"error":"the request body is larger than 100 MB"}' in answer


def test_a_chunked_body_of_more_than_100_mb_is_answered_with_413(server: ServerUnderTest) -> None:
    chunk = b"%x\r\n%s\r\n" % (MIB, b" " * MIB)
    answer = b""
    with server.connect() as connection:
        connection.sendall(b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            for _ in range(110):
                connection.sendall(chunk)
            answer = connection.recv(4096)
        except ConnectionError:
            answer = b" 413 "  # it had heard enough
    assert b" 413 " in answer


@pytest.mark.parametrize(
    "data",
    [
        b"\r\n\r\n",
        b"GET\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"y" * 200_000 + b"\r\n\r\n",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n{}",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: abc\r\n\r\n{}",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n{}",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\n{}",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\n{}",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
        b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n0\r\n\r\n",
        b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: gzip\r\n\r\n{}",
        b"GET /%00%ff%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: \xff\xfe\r\nOrigin: \xff\r\n\r\n",
        b"GET http://evil.com/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"CONNECT evil.com:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ],
)
def test_bytes_that_are_not_http_never_cause_a_server_error(server: ServerUnderTest, data: bytes) -> None:
    logged = len(server.log)
    answer = server.exchange(data, seconds=2)
    assert not re.match(rb"HTTP/1.1 5", answer), answer
    assert server.get("/").status == 200
    assert "Traceback" not in server.log[logged:]


def test_pipelined_requests_are_answered_in_order(server: ServerUnderTest) -> None:
    body = b'{"model":"tiny","prompt":"x","stream":false,"options":{"num_predict":2}}'
    generate = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    last = b"GET /api/version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(generate * 3 + b"GET /nope HTTP/1.1\r\nHost: localhost\r\n\r\n" + last)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert re.findall(rb"HTTP/1.1 (\d+)", received) == [b"200", b"200", b"200", b"404", b"200"]


def test_chunked_bodies_and_expectations_are_understood(server: ServerUnderTest) -> None:
    body = b'{"model":"tiny"}'
    chunks = b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"
    with server.connect() as connection:
        connection.sendall(
            b"POST /api/show HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        assert connection.recv(4096).startswith(b"HTTP/1.1 100")
        connection.sendall(chunks)
        received = b""
        while piece := connection.recv(65536):
            received += piece
    assert received.startswith(b"HTTP/1.1 200")


def truncated(path: Path) -> bytes:
    return path.read_bytes()[: path.stat().st_size // 2]


def metadata_only(path: Path) -> bytes:
    return path.read_bytes()[:200]


def without_tensors(path: Path) -> bytes:
    data = bytearray(path.read_bytes())
    data[8:16] = struct.pack("<Q", 0)
    return bytes(data)


def with_a_tensor_of_another_name(path: Path) -> bytes:
    return path.read_bytes().replace(b"blk.1.attn_q.weight", b"blk.1.attn_X.weight")


def counted(tensors: int = 0, keys: int = 0) -> Callable[[Path], bytes]:
    return lambda path: head(tensor_count=tensors, key_count=keys, data=b"\0" * 64)


def with_key(kind: int, value: bytes) -> Callable[[Path], bytes]:
    return lambda path: head([("general.architecture", STRING, text("llama")), ("x", kind, value)], data=b"\0" * 64)


@pytest.mark.parametrize(
    "corrupt",
    [
        lambda path: b"",
        lambda path: b"GGUF",
        lambda path: b"this is no model at all",
        lambda path: b"PK\x03\x04" + b"\0" * 100,
        lambda path: b"FUGG" + path.read_bytes()[4:],
        truncated,
        metadata_only,
        counted(tensors=2**64 - 1),
        counted(keys=2**64 - 1),
        counted(tensors=2**40, keys=2**40),
        with_key(STRING, struct.pack("<Q", 2**63) + b"x"),
        with_key(9, struct.pack("<IQ", U32, 2**62)),
        with_key(9, struct.pack("<IQ", 9, 2**30) * 20),
        with_key(99, b"x"),
        lambda path: head(tensors=[("t", [2**63, 2**63], 0, 0)], data=b"\0" * 64),
        lambda path: head(tensors=[("t", [32], 0, 2**63)], data=b"\0" * 64),
        lambda path: head(tensors=[("t", [32], 9999, 0)], data=b"\0" * 256),
        lambda path: head(tensors=[("t", [0], 0, 0)], data=b"\0" * 256),
        lambda path: head(version=99),
    ],
)
def test_a_file_that_is_not_a_sound_gguf_creates_no_model_and_leaves_nothing(
    server: ServerUnderTest, tiny: Path, corrupt: Callable[[Path], bytes]
) -> None:
    digest = server.upload(corrupt(tiny))
    with unchanged(server):
        for stream in (False, True):
            answer = server.create("broken", files={"a.gguf": digest}, stream=stream)
            said = answer.lines[-1].get("error")
            assert said, answer.body
            assert "\n" not in said
            assert answer.status == (200 if stream else 400) or answer.status == 400
    (server.models / "blobs" / digest.replace(":", "-")).unlink()
    assert server.generate("tiny", options={"num_predict": 2}).status == 200


@pytest.mark.parametrize("corrupt", [without_tensors, with_a_tensor_of_another_name])
def test_a_model_that_cannot_be_loaded_is_reported_and_harms_no_other(
    server: ServerUnderTest, tiny: Path, corrupt: Callable[[Path], bytes]
) -> None:
    server.generate("tiny", "")
    answer = server.create("broken", files={"a.gguf": server.upload(corrupt(tiny))})
    if answer.status == 200:
        refused = server.generate("broken")
        assert refused.status == 500
        assert "\n" not in refused.error
        assert re.search(r"tensor|layer|file", refused.error), refused.error
        server.request("DELETE", "/api/delete", {"model": "broken"})
    else:
        assert answer.status == 400
    assert "tiny:latest" in server.ps()
    assert "broken:latest" not in server.ps()
    assert server.generate("tiny", options={"num_predict": 2}).status == 200


def test_a_file_damaged_after_its_import_is_reported(tmp_path: Path, tiny: Path) -> None:
    with ServerUnderTest(tmp_path / "home") as server:
        server.import_gguf("tiny", tiny)
        server.import_gguf("other", tiny_llama(tmp_path / "other.gguf", seed=4))
        blob = server.models / "blobs" / server.upload(tiny).replace(":", "-")
        blob.write_bytes(truncated(tiny))
        answer = server.generate("tiny")
        assert answer.status == 500
        assert "\n" not in answer.error
        assert server.tags().keys() == {"tiny:latest", "other:latest"}
        blob.unlink()
        answer = server.generate("tiny")
        assert answer.status in (404, 500)
        assert "\n" not in answer.error
        assert server.generate("other", options={"num_predict": 2}).status == 200


def test_a_context_that_exceeds_memory_is_refused_with_the_sizes(server: ServerUnderTest, tmp_path: Path) -> None:
    server.import_gguf("wide", tiny_llama(tmp_path / "wide.gguf", seed=5, context_length=2**31 - 1))
    server.generate("tiny", "")
    answer = server.generate("wide", options={"num_ctx": 2**31 - 1})
    assert answer.status == 500
    assert re.fullmatch(
        r"model requires more system memory \([\d.]+ [GT]iB\) than is available \([\d.]+ GiB\)", answer.error
    )
    assert server.generate("wide", options={"num_predict": 2}).status == 200
    assert server.generate("tiny", options={"num_predict": 2}).status == 200
    assert server.request("DELETE", "/api/delete", {"model": "wide"}).status == 200


def test_none_of_these_requests_caused_an_unexpected_error(server: ServerUnderTest) -> None:
    assert server.get("/").status == 200
    assert "unexpected error" not in server.log
    assert "Traceback" not in server.log


def test_a_number_out_of_range_in_a_format_is_refused(server: ServerUnderTest) -> None:
    for number in ("9" * 5_000, "1e999", "-1e999"):
        for path in ("generate", "chat"):
            body = f'{{"model": "tiny", "prompt": "x", "messages": [{{}}], "format": {number}}}'
            answer = server.post(f"/api/{path}", body.encode())
            assert answer.status == 400
            assert "out of range" in answer.error
