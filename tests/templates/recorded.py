"""Recordings of Ollama, where they are present beside the checkout."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddock.templates import Message

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="needs ../shared/fixtures")


def rows(path: str) -> Iterator[dict[str, Any]]:
    """The objects of a recording, none where it is absent."""
    file = FIXTURES / path
    if file.is_file():
        for line in file.read_text("utf-8").split("\n"):
            if line:
                yield json.loads(line)


def exact_text(file: Path) -> str:
    """A file's text with its line ends as they are."""
    return file.read_bytes().decode()


def message(fields: dict[str, Any]) -> Message:
    """A message as a request brings it."""
    return Message(
        role=fields.get("role", "user"),
        content=fields.get("content") or "",
        thinking=fields.get("thinking", ""),
        images=fields.get("images", ()),
        tool_calls=fields.get("tool_calls", ()),
        tool_name=fields.get("tool_name", ""),
        tool_call_id=fields.get("tool_call_id", ""),
    )
