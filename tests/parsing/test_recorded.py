import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from paddock.parsing.named import NAMED_PARSERS
from paddock.parsing.reply import ReplyParser
from paddock.templates.go.analysis import analyse
from tests.parsing.known_differences import KNOWN_DIFFERENCES, OVERFLOWED, WRITTEN
from tests.parsing.parsers import parser_named, parser_of_calls, parser_of_template
from tests.parsing.recorded import FIXTURES, Result, cuts, needs_fixtures, parsed, recorded, rows

FACTS: dict[str, dict[str, Any]] = (
    json.loads((FIXTURES / "parsers" / "facts.json").read_text("utf-8")) if FIXTURES.is_dir() else {}
)
PARSERS = sorted(FACTS)
TEMPLATES = sorted(path.parent.name for path in FIXTURES.glob("tool-templates/*/parse.jsonl"))

Case = tuple[str, dict[str, Any], list[str], Callable[[], ReplyParser]]
"""A case's name, its row, the texts that a token stream keeps whole, and what makes its parser."""


def named_cases(name: str) -> Iterator[Case]:
    for row in rows(FIXTURES / "parsers" / f"{name}.jsonl"):

        def make(row: dict[str, Any] = row) -> ReplyParser:
            return parser_named(
                name, tools=row.get("tools"), think=row.get("think"), last_message=row.get("last_message")
            )

        yield f"{name}:{row['name']}", row, FACTS[name]["preserved_tokens"] or [], make


def template_cases(name: str) -> Iterator[Case]:
    folder = FIXTURES / "tool-templates" / name
    template = (folder / "template.gotmpl").read_bytes().decode()
    shown = analyse(template)
    opening, closing = shown.thinking_tags
    for row in rows(folder / "parse.jsonl"):

        def make(row: dict[str, Any] = row) -> ReplyParser:
            if row["kind"] == "thinking":
                prompt = opening if row.get("prompt_opens_thinking") else ""
                return parser_of_template(template, tools=None, think=True, prompt=prompt)
            if row["kind"] == "tools":
                return parser_of_calls(template, row["tools"])
            return parser_of_template(template, tools=row["tools"], think=row.get("think"), prompt="")

        whole = [text for text in (opening, closing, shown.tool_call_prefix) if len(text) > 1]
        yield f"{name}:{row['kind']}:{row['name']}", row, whole, make


def check(case: Case, seed: int) -> None:
    name, row, whole, make = case
    results = [parsed(make(), pieces) for pieces in cuts(row["output"], whole, seed)]
    assert all(result == results[0] for result in results), f"{name} depends on the cut: {results}"
    expected = recorded(row)
    if "note" in row:
        expected = Result(expected.content, expected.thinking, corrected(expected.calls), expected.failed)
    if name in KNOWN_DIFFERENCES:
        assert results[0] != expected, f"{name} is no difference any more"
    else:
        assert results[0] == expected, f"{name}: {row['output']!r}"


def corrected(value: Any) -> Any:
    """A recorded value with the number that the model wrote."""
    if isinstance(value, tuple):
        return tuple(map(corrected, value))
    if isinstance(value, dict):
        return {key: corrected(item) for key, item in value.items()}
    return WRITTEN if value == OVERFLOWED else value


@needs_fixtures
@pytest.mark.parametrize("name", PARSERS)
def test_a_named_parser_takes_replies_apart_as_recorded_however_they_are_cut(name: str) -> None:
    for seed, case in enumerate(named_cases(name)):
        check(case, seed)


@needs_fixtures
@pytest.mark.parametrize("name", TEMPLATES)
def test_the_parser_of_a_template_takes_replies_apart_as_recorded_however_they_are_cut(name: str) -> None:
    for seed, case in enumerate(template_cases(name)):
        check(case, seed)


@needs_fixtures
@pytest.mark.parametrize("name", PARSERS)
def test_a_named_parser_claims_what_is_recorded(name: str) -> None:
    facts, claimed = NAMED_PARSERS[name].info, FACTS[name]
    assert (facts.has_tools, facts.has_thinking) == (claimed["tools"], claimed["thinking"])
    assert facts.preserved_tokens == tuple(claimed["preserved_tokens"] or ())


@needs_fixtures
def test_at_most_one_reply_in_twenty_is_taken_apart_otherwise_and_each_of_them_exists() -> None:
    cases = [case[0] for name in PARSERS for case in named_cases(name)]
    cases += [case[0] for name in TEMPLATES for case in template_cases(name)]
    assert len(set(cases)) == len(cases)
    assert not set(KNOWN_DIFFERENCES) - set(cases)
    assert len(KNOWN_DIFFERENCES) <= len(cases) * 0.05
