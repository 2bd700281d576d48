"""How a dialect words errors and frames streams."""

import json

import pytest

from paddock.errors import ErrorKind, PaddockError
from paddock.server.app import TABLES
from paddock.server.dialect import Dialect
from paddock.server.dialects.ollama.dialect import OLLAMA
from paddock.server.media_types import JSON

DIALECTS = pytest.mark.parametrize("dialect", {table.dialect.name: table.dialect for table in TABLES}.values())


class TooLong(PaddockError):
    kind = ErrorKind.TOO_LONG


@DIALECTS
def test_every_kind_of_error_has_a_status_and_a_body(dialect: Dialect) -> None:
    assert set(dialect.statuses) == set(ErrorKind)
    for kind, status in dialect.statuses.items():
        assert 400 <= status < 600
        assert isinstance(dialect.error_body(kind, "broken"), dialect.error_type)


@DIALECTS
def test_an_error_is_answered_with_the_status_of_its_kind(dialect: Dialect) -> None:
    response = dialect.error_response(TooLong("too long"))
    assert response.status_code == dialect.statuses[ErrorKind.TOO_LONG] == 400
    assert json.loads(bytes(response.body)) == {"error": "too long"}
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert dialect.error_response(TooLong("x"), JSON).headers["content-type"] == "application/json"


class Overloaded(PaddockError):
    kind = ErrorKind.OVERLOADED


@DIALECTS
def test_an_answer_that_is_worth_another_attempt_says_when(dialect: Dialect) -> None:
    response = dialect.error_response(Overloaded("not now"))
    assert (response.status_code, response.headers["retry-after"]) == (503, "1")
    assert "retry-after" not in dialect.error_response(TooLong("x")).headers


def test_an_error_in_a_stream_of_ollama_is_a_line() -> None:
    assert OLLAMA.error_event(TooLong("too long")) == b'{"error":"too long"}\n'
    assert OLLAMA.stream_media_type == "application/x-ndjson"
