"""Recordings of Ollama's parsers, where they are present beside the checkout, and how to compare with them."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest

from paddock.parsing.reply import ReplyParser

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"
needs_fixtures = pytest.mark.skipif(not FIXTURES.is_dir(), reason="needs ../shared/fixtures")

PIECE = r" ?\w+|\s+|[^\w\s]"


@dataclass(frozen=True)
class Result:
    """The sums over a whole reply."""

    content: str
    thinking: str
    calls: tuple[tuple[str, object], ...]
    failed: bool


def rows(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a recording."""
    for line in path.read_text("utf-8").split("\n"):
        if line:
            yield json.loads(line)


def recorded(row: dict[str, Any]) -> Result:
    """What Ollama made of a reply."""
    functions = [call["function"] for call in row.get("tool_calls") or []]
    calls = tuple((function["name"], comparable(function["arguments"])) for function in functions)
    return Result(row.get("content", ""), row.get("thinking", ""), calls, bool(row.get("error")))


def parsed(parser: ReplyParser, pieces: Sequence[str]) -> Result:
    """What a parser makes of a reply in pieces."""
    parts = [*map(parser.feed, pieces), parser.finish()]
    calls = tuple((call.name, comparable(call.arguments)) for part in parts for call in part.calls)
    content = "".join(part.content for part in parts)
    return Result(content, "".join(part.thinking for part in parts), calls, any(part.error for part in parts))


def comparable(value: Any) -> object:
    """A value in which numbers are compared as the recordings hold them: as 64-bit floats."""
    if isinstance(value, dict):
        return {key: comparable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [comparable(item) for item in value]
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def tokens(text: str, whole: Sequence[str]) -> list[str]:
    """A text as a tokenizer cuts it: some texts stay whole, the rest falls into words, spaces and signs."""
    special = "|".join(re.escape(text) for text in sorted(whole, key=len, reverse=True) if text)
    return re.findall(f"{special}|{PIECE}" if special else PIECE, text)


def cuts(text: str, whole: Sequence[str], seed: int) -> Iterator[list[str]]:
    """A text in one piece, in single characters, in threes, as tokens and in random pieces."""
    random = Random(seed)
    yield [text]
    yield list(text)
    yield [text[place : place + 3] for place in range(0, len(text), 3)]
    yield tokens(text, whole)
    for longest in (2, 7, 30):
        pieces, rest = [], text
        while rest:
            length = random.randint(1, longest)
            pieces.append(rest[:length])
            rest = rest[length:]
        yield pieces
