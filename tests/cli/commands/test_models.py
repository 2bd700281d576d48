from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from paddock.cli.client import Client
from paddock.cli.commands.models import list_models, list_running, processor, remove
from paddock.cli.errors import ServerError
from tests.cli.canned import Canned, canned_server


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        yield canned


def loaded(name: str, expires: str, size_vram: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "digest": "28ab4d24183f" + "0" * 52,
        "size": 6_176_112,
        "size_vram": size_vram,
        "context_length": 2048,
        "expires_at": expires,
    }


@pytest.mark.parametrize(
    ("size", "size_vram", "text"),
    [
        (100, 0, "100% CPU"),
        (0, 0, "100% CPU"),
        (100, 100, "100% GPU"),
        (100, 52, "48%/52% CPU/GPU"),
        (1000, 995, "1%/99% CPU/GPU"),
        (1000, 1, "100%/0% CPU/GPU"),
        (100, 101, "Unknown"),
    ],
)
def test_the_processor_column_says_where_the_bytes_are(size: int, size_vram: int, text: str) -> None:
    assert processor(size, size_vram) == text


def test_the_until_column_says_when_a_model_is_unloaded(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    server.json(
        "GET /api/ps",
        {
            "models": [
                loaded("a:latest", (now + timedelta(minutes=4, seconds=30)).isoformat()),
                loaded("b:latest", (now - timedelta(seconds=1)).isoformat()),
                loaded("c:latest", "2318-11-21T03:56:48.430684671Z"),
                loaded("d:latest", "0001-01-01T00:00:00Z"),
                loaded("e:latest", (now + timedelta(days=20)).astimezone().isoformat()),
            ]
        },
    )
    list_running(Client(server.url), "")
    header, *rows = capsys.readouterr().out.splitlines()
    assert header == "NAME        ID              SIZE      PROCESSOR    CONTEXT    UNTIL              "
    assert [row[header.index("UNTIL") :] for row in rows] == [
        "4 minutes from now    ",
        "Stopping...           ",
        "Forever               ",
        "Stopping...           ",
        "2 weeks from now      ",
    ]


def test_names_are_listed_by_prefix_whatever_the_case(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    models = [
        {"name": name, "digest": "28ab4d24183f00", "size": 10**9, "modified_at": "2020-01-01T00:00:00.123456789+02:00"}
        for name in ("Llama:latest", "qwen:latest")
    ]
    server.json("GET /api/tags", {"models": models})
    list_models(Client(server.url), "lla")
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["NAME", "Llama:latest"]


def test_a_server_may_answer_null_for_no_models(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    server.json("GET /api/tags", {"models": None})
    list_models(Client(server.url), "")
    assert capsys.readouterr().out == "NAME    ID    SIZE    MODIFIED \n"


def test_a_model_that_cannot_be_stopped_is_deleted_with_a_warning(
    server: Canned, capsys: pytest.CaptureFixture[str]
) -> None:
    server.json("POST /api/show", {"error": "broken"}, 500)
    server.answers["DELETE /api/delete"] = (200, b"")
    remove(Client(server.url), ["a", "b"])
    out, err = capsys.readouterr()
    assert out == "deleted 'a'\ndeleted 'b'\n"
    assert err == "Warning: unable to stop model 'a'\nWarning: unable to stop model 'b'\n"


def test_deleting_stops_at_the_first_missing_model(server: Canned) -> None:
    server.json("POST /api/show", {"error": "model 'a:latest' not found"}, 404)
    server.json("DELETE /api/delete", {"error": "model 'a' not found"}, 404)
    with pytest.raises(ServerError, match=r"^model 'a' not found$"):
        remove(Client(server.url), ["a", "b"])
    assert len(server.bodies("DELETE /api/delete")) == 1
