from collections.abc import Iterator

import pytest

from paddock.cli.client import Client
from paddock.cli.errors import ServerError
from paddock.cli.loading import load, unload
from tests.cli.canned import Canned, canned_server


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.json("POST /api/show", {})
        canned.stream("POST /api/generate", {"done": True})
        yield canned


def test_a_model_is_loaded_with_the_options_that_are_given(server: Canned) -> None:
    load(Client(server.url), "m")
    load(Client(server.url), "m", keep_alive="1h", think=False)
    assert server.bodies("POST /api/generate") == [{"model": "m"}, {"model": "m", "keep_alive": "1h", "think": False}]


def test_a_model_is_unloaded_by_keeping_it_for_no_time(server: Canned) -> None:
    unload(Client(server.url), "m")
    assert server.bodies("POST /api/generate") == [{"model": "m", "keep_alive": 0}]


def test_a_missing_model_is_not_loaded(server: Canned) -> None:
    server.json("POST /api/show", {"error": "model 'm' not found"}, 404)
    with pytest.raises(ServerError) as error:
        load(Client(server.url), "m")
    assert error.value.status == 404
    assert server.bodies("POST /api/generate") == []
