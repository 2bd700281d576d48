from collections.abc import Iterator
from pathlib import Path

import pytest

from paddock.cli.client import Client
from paddock.cli.errors import CommandError, NotConnected, ServerError
from tests.cli.canned import Canned, canned_server
from tests.cli.conftest import free_port


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        yield canned


def test_an_error_of_a_plain_answer_is_its_text(server: Canned) -> None:
    server.json("POST /api/show", {"error": "model 'nope:latest' not found"}, 404)
    with pytest.raises(ServerError, match=r"^model 'nope:latest' not found$") as error:
        Client(server.url).request("POST", "/api/show", {})
    assert error.value.status == 404


def test_an_error_of_a_streaming_endpoint_starts_with_the_status_line(server: Canned) -> None:
    server.json("POST /api/generate", {"error": '"x" does not support thinking'}, 400)
    with pytest.raises(ServerError, match=r'^400 Bad Request: "x" does not support thinking$'):
        Client(server.url).drain("/api/generate", {})


def test_an_error_without_a_text_is_its_status_line(server: Canned) -> None:
    server.answers["POST /api/generate"] = (403, b"")
    with pytest.raises(ServerError, match=r"^403 Forbidden$"):
        Client(server.url).drain("/api/generate", {})
    with pytest.raises(ServerError, match="something went wrong"):
        Client(server.url).get("/api/unknown")


def test_an_error_that_is_not_json_is_shown_as_it_is(server: Canned) -> None:
    server.answers["GET /x"] = (404, b"404 page not found")
    with pytest.raises(ServerError, match=r"^404 page not found$"):
        Client(server.url).get("/x")


def test_an_error_inside_a_stream_is_its_text(server: Canned) -> None:
    server.stream("POST /api/pull", {"status": "pulling manifest"}, {"error": "no such host"})
    messages = Client(server.url).stream("/api/pull", {})
    assert next(messages) == {"status": "pulling manifest"}
    with pytest.raises(ServerError, match=r"^no such host$"):
        next(messages)


def test_a_stream_that_breaks_off_is_an_error(server: Canned) -> None:
    server.stream("POST /api/generate", {"response": "a"}, broken=True)
    with pytest.raises(CommandError, match="broke off"):
        Client(server.url).drain("/api/generate", {})


def test_no_server_is_an_error_that_says_how_to_start_one() -> None:
    with pytest.raises(NotConnected, match="run 'paddock serve' to start it"):
        Client(f"http://127.0.0.1:{free_port()}").get("/api/tags")


def test_a_file_is_uploaded_whole_and_its_bytes_are_counted(server: Canned, tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    (tmp_path / "x").write_bytes(data)
    server.answers["POST /api/blobs/sha256:1"] = (201, b"")
    counts: list[int] = []
    with (tmp_path / "x").open("rb") as file:
        Client(server.url).upload_blob("sha256:1", file, len(data), counts.append)
    assert server.bodies("POST /api/blobs/sha256:1") == [data]
    assert counts == sorted(counts) and counts[-1] == len(data)


def test_a_lone_surrogate_is_sent_as_a_question_mark(server: Canned) -> None:
    server.json("POST /api/show", {})
    Client(server.url).request("POST", "/api/show", {"model": "a\udcff"})
    assert server.bodies("POST /api/show") == [{"model": "a?"}]
