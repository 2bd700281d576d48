from collections.abc import Iterator

import pytest

from paddock.cli.client import Client
from paddock.cli.commands.show import PARTS, show
from paddock.cli.errors import ServerError, UsageError
from tests.cli.canned import Canned, canned_server


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.json("POST /api/show", {part: f"the {part}" for part in PARTS})
        yield canned


@pytest.mark.parametrize("part", PARTS)
def test_one_part_is_printed_and_system_and_template_without_a_line_end(
    server: Canned, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show(Client(server.url), "m", [part], False)
    end = "" if part in ("system", "template") else "\n"
    assert capsys.readouterr().out == f"the {part}{end}"


def test_without_a_part_the_model_is_described(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    show(Client(server.url), "m", [], True)
    assert capsys.readouterr().out.startswith("  Model\n")
    assert server.bodies("POST /api/show") == [{"model": "m", "verbose": True}]


def test_two_parts_at_once_are_refused_before_the_server_is_asked(server: Canned) -> None:
    with pytest.raises(UsageError, match="only one of"):
        show(Client(server.url), "m", ["license", "system"], False)
    assert server.requests == []


def test_a_missing_model_is_the_servers_error(server: Canned) -> None:
    server.json("POST /api/show", {"error": "model 'm' not found"}, 404)
    with pytest.raises(ServerError, match=r"^model 'm' not found$"):
        show(Client(server.url), "m", [], False)
