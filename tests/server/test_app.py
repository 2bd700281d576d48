"""The whole server as an ASGI application."""

import asyncio
import json
import logging
from typing import Any

import pytest

from paddock.server.app import TABLES, make_app
from paddock.settings import Settings
from tests.server.asgi import Exchange

SERVICES: Any = None


def ask(exchange: Exchange, **settings: Any) -> Exchange:
    return asyncio.run(exchange.call(make_app(Settings(**settings), SERVICES)))


def test_the_root_is_answered_behind_access_control_and_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "paddock.request")
    assert ask(Exchange("GET", "/", headers={"Host": "localhost"})).answer == b"Ollama is running"
    assert ask(Exchange("GET", "/", headers={"Host": "evil.example"})).status == 403
    assert [record.getMessage()[:3] for record in caplog.records] == ["200", "403"]


def test_the_description_and_its_page_are_answered() -> None:
    described = ask(Exchange("GET", "/openapi.json"))
    assert described.answer_headers["content-type"] == "application/json; charset=utf-8"
    assert "/api/chat" in json.loads(described.answer)["paths"]
    page = ask(Exchange("GET", "/docs"))
    assert page.answer_headers["content-type"] == "text/html; charset=utf-8"
    assert "connect-src 'self'" in page.answer_headers["content-security-policy"]


def test_no_two_endpoints_have_one_path_and_method_or_one_id() -> None:
    endpoints = [endpoint for table in TABLES for endpoint in table.endpoints]
    assert len({(endpoint.path, endpoint.method) for endpoint in endpoints}) == len(endpoints)
    assert len({endpoint.id for endpoint in endpoints}) == len(endpoints)


def test_each_path_belongs_to_one_dialect() -> None:
    dialects: dict[str, set[str]] = {}
    for table in TABLES:
        for endpoint in table.endpoints:
            dialects.setdefault(endpoint.path, set()).add(table.dialect.name)
    assert {path: names for path, names in dialects.items() if len(names) > 1} == {}
