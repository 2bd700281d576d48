"""Requests to every endpoint with one mistake: each is answered with a client error, never a server error.

`test_bad_input` tests bytes that are not HTTP, and bad files.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.malformed import (
    BODIES,
    DIGESTS,
    FIELDS,
    GOOD,
    HUGE,
    INFERENCE,
    KEEP_ALIVE,
    NAMED,
    NOBODY,
    OPTIONS,
    SHARED,
    THINK,
    ZEROS,
)
from tests.server.servers import ServerUnderTest, unchanged


def refused(server: ServerUnderTest, method: str, path: str, body: Any, status: int, error: str | None) -> None:
    """Check that a request is refused with a one-line error and changes nothing on disk."""
    with unchanged(server):
        answer = server.request(method, path, body)
    assert answer.status == status, answer.body[:300]
    said = answer.error
    assert "\n" not in said
    assert len(said) < 400
    assert error is None or said == error


@pytest.mark.parametrize("path", INFERENCE)
@pytest.mark.parametrize(("value", "error"), KEEP_ALIVE)
def test_a_keep_alive_that_is_not_a_duration_is_refused(
    server: ServerUnderTest, path: str, value: Any, error: str
) -> None:
    refused(server, "POST", path, GOOD[path][1] | {"keep_alive": value}, 400, error)


@pytest.mark.parametrize(("path", "field"), [*((p, "options") for p in (*INFERENCE, "/api/show")),
                                             ("/api/create", "parameters")])  # fmt: skip
@pytest.mark.parametrize(("name", "value", "kind"), OPTIONS)
def test_an_option_of_the_wrong_type_is_refused_with_its_name(
    server: ServerUnderTest, path: str, field: str, name: str, value: Any, kind: str
) -> None:
    refused(server, "POST", path, GOOD[path][1] | {field: {name: value}}, 400, f'option "{name}" must be {kind}')


@pytest.mark.parametrize("path", ["/api/generate", "/api/chat"])
@pytest.mark.parametrize("fields", SHARED, ids=json.dumps)
def test_an_invalid_value_of_a_field_of_generate_and_chat_is_refused(
    server: ServerUnderTest, path: str, fields: dict[str, Any]
) -> None:
    error = None
    if "format" in fields:
        written = json.dumps(fields["format"]).replace('"', '\\"')
        error = f'invalid format: "{written}"; expected "json" or a valid JSON Schema object'
    elif "think" in fields:
        error = next(text for value, text in THINK if value is fields["think"])
    elif "logprobs" in fields and "top_logprobs" in fields:
        error = "top_logprobs must be between 0 and 20"
    refused(server, "POST", path, GOOD[path][1] | fields, 400, error)


@pytest.mark.parametrize(("path", "fields", "status", "error"), FIELDS)
def test_an_invalid_value_of_a_field_is_refused(
    server: ServerUnderTest, path: str, fields: dict[str, Any], status: int, error: str | None
) -> None:
    method, body = GOOD[path]
    refused(server, method, path, body | fields, status, error)


@pytest.mark.parametrize("path", NAMED)
@pytest.mark.parametrize("value", [0, 1.5, True, [], {}, ["tiny"], {"name": "tiny"}], ids=json.dumps)
def test_a_model_name_that_is_not_a_text_is_refused(server: ServerUnderTest, path: str, value: Any) -> None:
    method, body = GOOD[path]
    refused(server, method, path, body | {"model": value}, 400, None)


@pytest.mark.parametrize("path", INFERENCE)
@pytest.mark.parametrize("name", ["nobody", "tiny:none", "library/nobody", "example.com/tiny/tiny:7b"])
def test_an_unknown_model_is_answered_with_404(server: ServerUnderTest, path: str, name: str) -> None:
    refused(server, "POST", path, GOOD[path][1] | {"model": name}, 404, NOBODY.format(name))


@pytest.mark.parametrize("path", INFERENCE)
@pytest.mark.parametrize(
    "name", ["../x", "a/../b", "..:..", "tiny:", ":latest", "a//b", "/tiny", "tiny/", "t\u00edny", "tiny\u0000", "-x"]
)
def test_an_invalid_name_is_refused(server: ServerUnderTest, path: str, name: str) -> None:
    refused(server, "POST", path, GOOD[path][1] | {"model": name}, 400, "invalid model name")


@pytest.mark.parametrize("path", GOOD)
@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_is_not_a_json_object_is_refused(server: ServerUnderTest, path: str, body: bytes) -> None:
    refused(server, GOOD[path][0], path, body, 400, None)


@pytest.mark.parametrize("path", GOOD)
def test_an_absent_body_is_refused(server: ServerUnderTest, path: str) -> None:
    refused(server, GOOD[path][0], path, None, 400, "missing request body")


@pytest.mark.parametrize("method", ["POST", "HEAD"])
@pytest.mark.parametrize("digest", DIGESTS)
def test_an_invalid_digest_is_refused(server: ServerUnderTest, method: str, digest: str) -> None:
    with unchanged(server):
        answer = server.request(method, f"/api/blobs/{digest}", b"x" if method == "POST" else None)
    assert answer.status == 400
    assert method == "HEAD" or answer.error == "invalid digest format"


ARCHIVES = [b"", b"x", b"x" * 5_000, b"\0" * 10_240, b"\x1f\x8b\x08\x00", b'{"model": "tiny"}']


@pytest.mark.parametrize("archive", ARCHIVES, ids=range(len(ARCHIVES)))
def test_an_invalid_archive_is_refused(server: ServerUnderTest, archive: bytes) -> None:
    refused(server, "POST", "/api/import?model=made", archive, 400, None)


@pytest.mark.parametrize("name", ["../made", "%00", "a%20b", "made:", "a/b/c/d"])
def test_an_import_under_an_invalid_name_is_refused(server: ServerUnderTest, name: str) -> None:
    refused(server, "POST", f"/api/import?model={name}", b"x", 400, "invalid model name")


def test_archives_that_break_off_are_refused(tmp_path: Path) -> None:
    head = b"POST /api/import HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5000\r\n\r\n"
    with ServerUnderTest(tmp_path) as server:
        for _ in range(40):
            assert not server.exchange(head + b"x" * 1000, seconds=5).startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))
        assert "Traceback" not in server.log


METHODS = {path: {method} for path, (method, _) in GOOD.items()}
METHODS |= {path: {"GET", "HEAD"} for path in ("/", "/api/version", "/api/tags", "/api/ps")}
METHODS |= {"/api/import": {"POST"}, f"/api/blobs/{ZEROS}": {"HEAD", "POST"}}
"""Each path, and what it has."""
WRONG = [
    (method, path)
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND")
    for path, right in METHODS.items()
    if method not in right
]


@pytest.mark.parametrize(("method", "path"), WRONG)
def test_an_unsupported_method_is_answered_with_405(server: ServerUnderTest, method: str, path: str) -> None:
    answer = server.request(method, path, b"{}" if method != "GET" else None)
    assert (answer.status, answer.body) == (405, b"405 method not allowed")
    assert set(answer.headers["Allow"].split(", ")) == METHODS[path]


@pytest.mark.parametrize("depth", [50, 400, 900, 5000])
@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/generate", "format"),
        ("/api/generate", "options"),
        ("/api/chat", "format"),
        ("/api/chat", "tools"),
        ("/api/chat", "messages"),
        ("/api/create", "parameters"),
        ("/api/create", "info"),
        ("/api/embed", "input"),
        ("/api/show", "nonsense"),
    ],
)
def test_deeply_nested_values_are_refused(server: ServerUnderTest, path: str, field: str, depth: int) -> None:
    value = b'{"a":' * depth + b"1" + b"}" * depth
    if field == "tools":
        value = b'[{"type":"function","function":{"name":"f","parameters":%s}}]' % value
    elif field == "messages":
        call = b'{"function":{"name":"f","arguments":%s}}' % value
        value = b'[{"role":"assistant","content":"x","tool_calls":[%s]},{"role":"user","content":"x"}]' % call
    body = json.dumps(GOOD[path][1] | {"model": "made"} if path == "/api/create" else GOOD[path][1]).encode()
    answer = server.request("POST", path, body[:-1] + b',"%s":%s}' % (field.encode(), value))
    assert answer.status in (200, 400), answer.body[:300]
    if path == "/api/create" and answer.status == 200:
        server.request("DELETE", "/api/delete", {"model": "made"})


@pytest.mark.parametrize(("path", "fields"), HUGE, ids=range(len(HUGE)))
def test_deeply_nested_values_are_answered(server: ServerUnderTest, path: str, fields: dict[str, Any]) -> None:
    with unchanged(server):
        answer = server.post(path, GOOD[path][1] | fields)
    assert answer.status in (200, 400, 404, 501), answer.body[:300]
    assert answer.status == 200 or answer.error


@pytest.mark.parametrize("path", INFERENCE)
@pytest.mark.parametrize("value", ["1" * 5_000 + "h", "0." + "1" * 5_000 + "h"])
def test_a_keep_alive_of_thousands_of_digits_is_refused(server: ServerUnderTest, path: str, value: str) -> None:
    error = f'time: invalid duration "{value[:64]}..."'
    refused(server, "POST", path, GOOD[path][1] | {"keep_alive": value}, 400, error)


@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("path", [*GOOD, f"/api/blobs/{ZEROS}"])
def test_a_body_that_breaks_off_is_refused(server: ServerUnderTest, path: str, framing: str) -> None:
    method, body = GOOD.get(path, ("POST", {}))
    data = json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n".encode()
    if framing == "length":
        sent = head + b"Content-Length: %d\r\n\r\n%s" % (len(data) + 100, data)
    else:
        sent = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s" % (len(data) + 100, data)
    logged = len(server.log)
    with unchanged(server):
        answer = server.exchange(sent, seconds=5)
    assert not answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 5")), answer
    assert "Traceback" not in server.log[logged:]


def test_the_server_still_works_after_all_of_these_requests(server: ServerUnderTest) -> None:
    assert server.generate("tiny", options={"num_predict": 2}).status == 200
    assert server.tags().keys() >= {"tiny:latest"}
    assert "unexpected error" not in server.log
    assert "Traceback" not in server.log
