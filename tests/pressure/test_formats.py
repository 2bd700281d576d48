"""Formats that would end the runner, or hold it up: refused with the reason, while others are answered."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.models.llama import tiny_llama
from tests.server.servers import Answer, ServerUnderTest

YES = {"type": "object", "properties": {"yes": {"type": "boolean"}}, "required": ["yes"]}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    folder = tmp_path_factory.mktemp("formats")
    with ServerUnderTest(folder) as started:
        started.import_gguf("tiny", tiny_llama(folder / "tiny.gguf", context_length=2048))
        assert answered(started, YES).status == 200
        yield started


def answered(server: ServerUnderTest, wanted: Any, tokens: int = 4) -> Answer:
    return server.generate("tiny", format=wanted, options={"num_predict": tokens})


def definitions(count: int, kind: str) -> dict[str, Any]:
    """Return a chain of definitions, each of which refers to the next in some way."""

    def link(number: int) -> dict[str, Any]:
        reference: dict[str, Any] = {"$ref": f"#/$defs/{number + 1}"}
        links: dict[str, dict[str, Any]] = {
            "ref": reference,
            "property": {"type": "object", "properties": {"a": reference}},
            "option": {"anyOf": [{"type": "null"}, reference]},
            "part": {"allOf": [{"type": "object"}, reference]},
            "item": {"type": "array", "items": reference},
        }
        return links[kind]

    defined = {str(i): link(i) for i in range(count)}
    return {"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}}, "$defs": {**defined, str(count): {}}}


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def objects(count: int) -> list[dict[str, Any]]:
    """Return objects that a property tells apart."""
    return [{"type": "object", "properties": {"k": {"const": f"v{i}"}}, "required": ["k"]} for i in range(count)]


def pairs(count: int) -> list[dict[str, Any]]:
    """Return options that only a comparison of each with each tells apart."""
    return [{"anyOf": [{"const": i}, {"const": -i}]} for i in range(1, count + 1)]


def lark(text: str) -> dict[str, str]:
    return {"type": "grammar", "lark": text}


def regex(pattern: str) -> dict[str, str]:
    return {"type": "regex", "pattern": pattern}


def rules(count: int, *, terminals: bool = False) -> dict[str, str]:
    name = "R" if terminals else "r"
    chained = "\n".join(f"{name}{i}: {name}{i + 1}" for i in range(count))
    return lark(f'start: {name}0\n{chained}\n{name}{count}: "z"\n')


PATTERNS = [{"type": "string", "pattern": f".*a{i}.*"} for i in range(50)]
REFUSED: dict[str, tuple[Any, str]] = {
    **{f"2000 definitions by {kind}": (definitions(2000, kind), "refers to 2001 definitions")
       for kind in ("ref", "property", "option", "part", "item")},
    "3000 rules": (rules(3000), "the grammar has 3002 rules"),
    "3000 terminals": (rules(3000, terminals=True), "the grammar has 3002 rules"),
    "300 objects in one another": (nested(300), "nested too deeply"),
    "100,000 parentheses": (lark("start: " + "(" * 60_000 + '"a"' + ")" * 60_000), ""),
    "60,000 groups": (regex("(" * 30_000 + "a" + ")" * 30_000), ""),
    "4000 options to be compared": ({"oneOf": pairs(4000)}, "too many to be compared"),
    "4000 options that overlap": ({"oneOf": [{"title": f"{i}"} for i in range(4000)]}, "its options may overlap"),
    "5000 options": ({"oneOf": objects(5000)}, '"oneOf" has 5000 entries, and can have 4000'),
    "400 patterns of properties": ({"patternProperties": {f"^p{i}$": {} for i in range(400)}}, "has 400 entries"),
    "10,000 properties": ({"properties": {f"p{i}": {} for i in range(10_000)}}, '"properties" has 10000 entries'),
    "50 patterns of one string": ({"allOf": PATTERNS}, "a string can be held to 12 patterns"),
    "50 conditions": (lark("start: A\nA: " + " & ".join(f"/.*a{i}.*/" for i in range(50))), "has 49 conditions"),
    "definitions within a grammar": (
        lark('start: %json {"$ref":"#/$defs/0","$defs":{'
             + ",".join(f'"{i}":{{"$ref":"#/$defs/{i + 1}"}}' for i in range(1500)) + ',"1500":{}}}'),
        "refers to 1501 definitions",
    ),
    "a megabyte": ({"description": "x" * (1 << 20)}, "can have 1048576"),
    "a long pattern": (regex("ab|" * 30_000), "longer than 65536 bytes"),
    "a long grammar": (lark("start: " + '"a" | ' * 30_000 + '"b"'), "longer than 131072 bytes"),
}  # fmt: skip

TAKEN: dict[str, Any] = {
    **{f"900 definitions by {kind}": definitions(900, kind) for kind in ("ref", "property", "option", "part", "item")},
    "900 rules": rules(900),
    "900 terminals": rules(900, terminals=True),
    "4000 options": {"oneOf": objects(4000)},
    "a choice of 20,000 values": {"enum": [f"value {i}" for i in range(20_000)]},
    "long arrays and texts": {
        "type": "array",
        "minItems": 100_000,
        "maxItems": 100_000_000,
        "items": {"type": "string", "minLength": 10_000, "maxLength": 100_000_000},
    },
    "repetitions": lark('start: a{1000}\na: b{1000}\nb: C{0,1000}\nC: "x"{1000}'),
    "nested repetitions": regex("((a{1000}){1000}){1000}"),
    "2^10 combinations": {"allOf": [{"anyOf": [{"properties": {f"{k}{i}": {}}} for k in "pq"]} for i in range(10)]},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_format_that_is_too_large_is_refused_with_the_reason(server: ServerUnderTest, name: str) -> None:
    before = {runner.pid for runner in server.runners()}
    wanted, reason = REFUSED[name]
    started = time.monotonic()
    answer = answered(server, wanted)
    assert answer.status == 400, answer.body[:200]
    assert reason in answer.error
    assert len(answer.error) < 400
    assert time.monotonic() - started < 20
    assert answered(server, YES).status == 200
    assert {runner.pid for runner in server.runners()} == before


@pytest.mark.parametrize("name", TAKEN)
def test_a_format_within_the_limits_does_the_runner_no_harm(server: ServerUnderTest, name: str) -> None:
    before = {runner.pid for runner in server.runners()}
    answer = answered(server, TAKEN[name])
    assert answer.status in (200, 400), answer.body[:200]
    assert answered(server, YES).status == 200
    assert {runner.pid for runner in server.runners()} == before


def test_tools_that_are_forced_have_the_same_limits(server: ServerUnderTest) -> None:
    function = {"name": "look", "parameters": definitions(2000, "property")}
    answer = server.chat(
        "tiny", ("user", "x"), tools=[{"type": "function", "function": function}], tool_choice="required"
    )
    assert answer.status == 400
    assert answered(server, YES).status == 200


def test_slow_formats_hold_up_nobody(server: ServerUnderTest) -> None:
    slow = [{"properties": {f"{name}{i}": {"type": "string"} for i in range(1200)}} for name in "abcdef"]
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda s=s: statuses.append(answered(server, s).status)) for s in slow]
    for thread in threads:
        thread.start()
    for number in range(5):
        wanted = {"type": "object", "properties": {f"n{number}": {"type": "boolean"}}}
        assert answered(server, wanted).status == 200
    for thread in threads:
        thread.join()
    assert statuses == [200] * len(slow)
