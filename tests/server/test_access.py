import json
import socket

import pytest

from paddock.server.access import HEADERS, METHODS, PREFLIGHT_SECONDS, Origins
from tests.server.servers import ServerUnderTest


def status_for_host(server: ServerUnderTest, host: str) -> int:
    return server.get("/api/version", {"Host": host}).status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:9",
        "LOCALHOST",
        "127.0.0.1",
        "127.0.0.1:11434",
        "127.1.2.3",
        "0.0.0.0",
        "[::1]",
        "[::1]:11434",
        "192.168.1.5:11434",
        "10.0.0.1",
        "172.16.0.1",
        "foo.local",
        "foo.localhost",
        "db.internal",
        socket.gethostname(),
        "",
    ],
)
def test_a_host_of_this_machine_or_network_is_answered(server: ServerUnderTest, host: str) -> None:
    assert status_for_host(server, host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "example.com.",
        "8.8.8.8",
        "[2001:4860:4860::8888]",
        "localhost.evil.com",
        "127.0.0.1.evil.com",
        "evil.com:11434",
        "evillocal",
        "localhost:9:evil.com",
        "user@evil.com",
        "[::1]evil.com",
        "[::1]:80evil.com",
        "[::1",
        "::1]",
        "[localhost]",
        "[127.0.0.1]",
        "[::ffff:8.8.8.8]",
        "[::1%lo]",
        "localhost:80:80",
        "localhost:port",
        "localhost:65536",
        "localhost:-1",
        "127.0.0.1@evil.com",
        "evil.com@127.0.0.1",
        "evil.com/x.localhost",
        "evil.com#.local",
        "evil com.local",
        ".localhost",
        "127.1",
        "0x7f.1",
        "2130706433",
        "127.0.0.1.",
        "localhost.",
        "a" * 300 + ".local",
    ],
)
def test_any_other_host_is_refused_with_an_empty_body(server: ServerUnderTest, host: str) -> None:
    answer = server.get("/api/version", {"Host": host})
    assert (answer.status, answer.body) == (403, b"")


@pytest.mark.parametrize(
    "lines",
    [
        b"Host: localhost\r\nHost: localhost",
        b"Host: localhost\r\nHost: evil.com",
        b"Host: evil.com\r\nhost: localhost",
        b"Host: localhost\r\nOrigin: http://evil.com\r\nOrigin: http://localhost",
        b"Accept: */*",
    ],
)
def test_two_hosts_or_origins_and_no_host_at_all_are_a_bad_request(server: ServerUnderTest, lines: bytes) -> None:
    answer = server.exchange(b"GET /api/version HTTP/1.1\r\nConnection: close\r\n" + lines + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400")


def test_another_scheme_than_that_of_web_pages_is_not_the_same_origin(server: ServerUnderTest) -> None:
    assert server.get("/api/tags", {"Origin": f"ftp://127.0.0.1:{server.port}"}).status == 403


def test_an_origin_that_is_none_fits_no_pattern() -> None:
    origins = Origins(["https://*.example.com", "null"])
    assert origins.allow("https://www.example.com")
    assert origins.allow("null")
    for wrong in ("https://evil.com/.example.com", "https://a@b.example.com", "https://evil.com:1.example.com", ""):
        assert not origins.allow(wrong)
    assert not Origins(["*.example.com"]).allow("null")


def test_a_request_without_a_host_as_http_1_0_allows_is_answered(server: ServerUnderTest) -> None:
    assert server.exchange(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:3000",
        "http://127.0.0.1:8080",
        "http://0.0.0.0",
        "app://anything",
        "file://",
        "tauri://localhost",
        "vscode-webview://abc",
        "vscode-file://abc",
    ],
)
def test_a_local_origin_is_answered_with_the_cors_header(server: ServerUnderTest, origin: str) -> None:
    answer = server.get("/api/tags", {"Origin": origin})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "http://localhost.evil.com",
        "http://evil.com/localhost",
        "http://localhost:3000.evil.com",
        "http://127.0.0.1@evil.com",
        "http://localhost:99999999",
        "http://localhost:65536",
        "http://localhost:",
        "http://localhost/x",
        "http://localhost@evil.com",
        "http://evil.com#localhost",
        "http://[::1]evil.com",
        "file",
        "app",
        "apps://anything",
        "null",
        "ftp://localhost",
    ],
)
def test_a_foreign_origin_is_refused_before_anything_happens(server: ServerUnderTest, origin: str) -> None:
    answer = server.request("DELETE", "/api/delete", {"model": "tiny"}, {"Origin": origin})
    assert (answer.status, answer.body) == (403, b"")
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert "tiny:latest" in server.tags()


def test_a_page_of_the_same_origin_may_call(server: ServerUnderTest) -> None:
    assert server.get("/api/tags", {"Origin": server.url}).status == 200


def test_a_preflight_of_an_allowed_origin_is_granted(server: ServerUnderTest) -> None:
    headers = {"Origin": "http://localhost:3000", "Access-Control-Request-Method": "POST"}
    answer = server.request("OPTIONS", "/api/chat", headers=headers)
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"
    assert answer.headers["Access-Control-Allow-Methods"] == METHODS
    assert answer.headers["Access-Control-Allow-Headers"] == HEADERS
    assert answer.headers["Access-Control-Max-Age"] == PREFLIGHT_SECONDS


def test_a_preflight_of_a_foreign_origin_is_refused(server: ServerUnderTest) -> None:
    headers = {"Origin": "https://evil.example.com", "Access-Control-Request-Method": "POST"}
    answer = server.request("OPTIONS", "/api/chat", headers=headers)
    assert (answer.status, answer.body) == (403, b"")


def test_errors_and_streams_have_the_cors_header(server: ServerUnderTest) -> None:
    headers = {"Origin": "http://localhost:3000"}
    for body in ({"model": "nope", "prompt": "x"}, {"model": "tiny", "prompt": "x", "options": {"num_predict": 2}}):
        answer = server.post("/api/generate", body, headers)
        assert answer.headers["Access-Control-Allow-Origin"] == "http://localhost:3000"


def test_the_headers_that_the_official_client_sends_are_allowed(server: ServerUnderTest) -> None:
    allowed = {name.lower() for name in HEADERS.split(",")}
    assert {"content-type", "accept", "user-agent", "authorization"} <= allowed


def test_the_version_is_that_of_the_api_with_our_own_beside_it(server: ServerUnderTest) -> None:
    answer = server.get("/api/version")
    assert list(json.loads(answer.body)) == ["version", "paddock"]
    assert answer.json["version"] == "0.33.0"
