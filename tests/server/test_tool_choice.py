"""Required tool calls, by the packaged model at a high temperature."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jsonschema
import pytest

from tests.schemas import Schemas
from tests.server.servers import Answer, ServerUnderTest

HOT = {"temperature": 1.5, "num_predict": 2100, "num_ctx": 2560}
"""Whatever it thinks, even in circles, 512 tokens are left for the call."""


def tool(name: str, **properties: Any) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": "Does it", "parameters": parameters}}


WEATHER = tool("get_weather", city={"type": "string", "maxLength": 20}, days={"type": "integer", "maximum": 9})
TIME = tool("get_time", zone={"enum": ["UTC", "CET"]})


@pytest.fixture(scope="module")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("choice"), TINY="1") as server:
        yield server


def ask(server: ServerUnderTest, tools: Any, choice: Any, seed: int = 1, **fields: Any) -> Answer:
    body = {"tools": tools, "tool_choice": choice, "options": HOT | {"seed": seed}, "think": False} | fields
    return server.chat("tiny", ("user", "Please do it."), **body)


def calls(answer: Answer) -> list[tuple[str, dict[str, Any]]]:
    """Return the tool calls of a reply that has nothing else."""
    assert answer.status == 200, answer.text
    assert "".join(line["message"]["content"] for line in answer.lines) == ""
    assert answer.lines[-1]["done_reason"] == "stop"
    found = [call for line in answer.lines for call in line["message"].get("tool_calls", ())]
    assert all(call["id"] for call in found)
    return [(call["function"]["name"], call["function"]["arguments"]) for call in found]


def test_arguments_of_a_required_call_fit_their_schema_whatever_it_is(packaged: ServerUnderTest) -> None:
    def one(seed: int) -> None:
        expected = Schemas(seed, bounded=True).tool("do_it")
        answer = ask(packaged, [expected], "required", seed, stream=bool(seed % 2), think=bool(seed % 4 < 2))
        ((name, arguments),) = calls(answer)
        assert name == "do_it"
        jsonschema.validate(arguments, expected["function"]["parameters"])

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(50)))


def test_any_of_the_tools_may_be_called(packaged: ServerUnderTest) -> None:
    fields = {"tools": [WEATHER, TIME], "tool_choice": "required", "think": False, "options": {"temperature": 0}}
    for name, question in (("get_weather", "What is the weather in Lisbon?"), ("get_time", "What time is it?")):
        assert calls(packaged.chat("tiny", ("user", question), **fields))[0][0] == name


@pytest.mark.parametrize("choice", [{"type": "function", "function": {"name": "get_time"}}, "get_time"])
def test_a_named_tool_is_called(packaged: ServerUnderTest, choice: Any) -> None:
    for seed in range(4):
        ((name, arguments),) = calls(ask(packaged, [WEATHER, TIME], choice, seed))
        assert name == "get_time"
        assert arguments["zone"] in ("UTC", "CET")


def test_only_the_text_after_the_thinking_follows_the_format(packaged: ServerUnderTest) -> None:
    thought = 0
    for seed in range(6):
        answer = ask(packaged, [WEATHER], "required", seed, think=True, stream=True)
        assert len(calls(answer)) == 1
        thinking = "".join(line["message"].get("thinking", "") for line in answer.lines)
        assert "<think>" not in thinking
        thought += bool(thinking)
    assert thought


def test_with_tool_choice_none_the_prompt_has_no_tools(packaged: ServerUnderTest) -> None:
    def prompt(**fields: Any) -> str:
        answer = packaged.chat("tiny", ("user", "Hi"), _debug_render_only=True, **fields)
        return str(answer.json["_debug_info"]["rendered_template"])

    assert prompt(tools=[WEATHER], tool_choice="none") == prompt()
    assert "get_weather" in prompt(tools=[WEATHER], tool_choice="auto") == prompt(tools=[WEATHER])
    assert "get_weather" in prompt(tools=[WEATHER, TIME], tool_choice="get_time")


def test_with_tool_choice_none_no_text_is_parsed_as_a_call(packaged: ServerUnderTest) -> None:
    question = ("user", "What is the weather in Lisbon?")
    fields = {"tools": [WEATHER], "think": False, "options": {"temperature": 0, "num_predict": 40}}
    assert "tool_calls" not in packaged.chat("tiny", question, tool_choice="none", **fields).json["message"]


@pytest.mark.parametrize(
    ("choice", "word"),
    [
        (5, "must be"),
        ([], "must be"),
        ({}, "must be"),
        ({"type": "tool"}, "must be"),
        ({"type": "function"}, "must be"),
        ({"type": "function", "function": {"name": 1}}, "must be"),
        ({"type": "function", "function": {"name": "nothing"}}, "'nothing'"),
        ("reqired", "'reqired', which is not among the tools"),
    ],
)
def test_an_invalid_tool_choice_is_refused(packaged: ServerUnderTest, choice: Any, word: str) -> None:
    answer = ask(packaged, [WEATHER], choice)
    assert answer.status == 400
    assert word in answer.error
    assert "tool_choice" in answer.error


def test_a_call_cannot_be_required_without_tools_or_with_a_format(packaged: ServerUnderTest) -> None:
    without = ask(packaged, [], "required")
    assert (without.status, "no tools" in without.error) == (400, True)
    beside = ask(packaged, [WEATHER], "required", format="json")
    assert (beside.status, "format" in beside.error) == (400, True)


@pytest.mark.parametrize(
    ("schema", "word"),
    [
        ({"type": "array", "uniqueItems": True}, "uniqueItems"),
        ({"type": "string", "format": "iri"}, "iri"),
        ({"type": "frob"}, "frob"),
        ({"type": "integer", "minimum": 3, "maximum": 1}, "unsatisfiable"),
    ],
)
def test_an_unsupported_keyword_of_a_tools_schema_is_refused_by_name(
    packaged: ServerUnderTest, schema: Any, word: str
) -> None:
    answer = ask(packaged, [TIME, tool("odd", x=schema)], "required")
    assert answer.status == 400
    assert word in answer.error
    assert "'odd'" in answer.error


MAP = {"type": "object", "properties": {"a": {"type": "string", "maxLength": 30}}, "additionalProperties": False}
LINES = {"type": "array", "items": {"type": "string", "maxLength": 30}, "minItems": 1, "maxItems": 4}


@pytest.mark.parametrize("parser", ["glimmer", "qwen3-coder", "glm-4.7", "gemma4", "harmony"])
@pytest.mark.parametrize("think", [False, True])
def test_a_required_call_has_the_format_that_the_parser_reads(
    packaged: ServerUnderTest, parser: str, think: bool
) -> None:
    of_parser = {"from": "tiny", "parser": parser} | ({} if parser == "harmony" else {"renderer": parser})
    assert packaged.create("noted", **of_parser).lines[-1] == {"status": "success"}
    expected = tool("note", lines=LINES, pairs=MAP, city={"type": "string", "maxLength": 20})

    def one(seed: int) -> None:
        # Thinking is free, and ends where it says such a thing.
        options = HOT | {"seed": seed, "stop": [] if think else ["<|user|>", "q", "12"]}
        body = {"tools": [expected], "tool_choice": "required", "options": options, "think": think}
        answer = packaged.chat("noted", ("user", "Note this: </parameter> </arg_value> <|eom|> }"), **body)
        ((name, arguments),) = calls(answer)
        assert name == "note"
        jsonschema.validate(arguments, expected["function"]["parameters"])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(one, range(4)))


def test_concurrent_replies_without_a_format_are_not_constrained(packaged: ServerUnderTest) -> None:
    free = {"options": {"temperature": 0, "num_predict": 30, "cache_prompt": False}, "think": False}
    before = packaged.chat("tiny", ("user", "Name a fruit."), **free).json["message"]["content"]
    with ThreadPoolExecutor(8) as pool:
        held = [pool.submit(ask, packaged, [WEATHER, TIME], "required", seed) for seed in range(6)]
        beside = [pool.submit(packaged.chat, "tiny", ("user", "Name a fruit."), **free) for _ in range(2)]
        assert all(len(calls(one.result())) == 1 for one in held)
        assert all(other.result().json["message"]["content"][:10] == before[:10] for other in beside)
