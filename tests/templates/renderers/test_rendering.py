import datetime
import math
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from paddock.templates import Message, TemplateError, TemplateFailed, TemplateRefused
from paddock.templates.prompt_template import PromptTemplate
from paddock.templates.renderers import UnknownRenderer, leading_bos, render, renderer_names
from paddock.templates.renderers.catalog import renderer
from tests.calls import count_calls
from tests.templates.recorded import FIXTURES, message, needs_fixtures, rows

NAMES = sorted(renderer_names())
RECORDED = [(name, row) for name in NAMES for row in rows(f"renderers/{name}.jsonl")]
TEMPLATES = Path(str(files("paddock.templates.renderers"))) / "templates"


@needs_fixtures
@pytest.mark.parametrize(
    ("name", "row"), RECORDED, ids=lambda value: value if isinstance(value, str) else value["name"]
)
def test_a_conversation_renders_as_recorded(name: str, row: dict[str, Any]) -> None:
    messages = [message(fields) for fields in row["messages"]]
    today = datetime.date.fromisoformat(row["date"]) if "date" in row else None
    if "error" in row:
        with pytest.raises(TemplateRefused, match=f"^{re.escape(row['error'])}$"):
            render(name, messages, row.get("tools", ()), row.get("think"), today=today)
    else:
        prompt = render(name, messages, row.get("tools", ()), row.get("think"), today=today)
        assert prompt in row.get("prompt_any_of", [row["prompt"]])
    assert leading_bos(name) == row.get("leading_bos", "")


@needs_fixtures
def test_every_recorded_renderer_is_known() -> None:
    assert renderer_names() == {file.stem for file in (FIXTURES / "renderers").glob("*.jsonl")}
    assert len(RECORDED) == 1147


HI = [Message("user", "Hi")]
CALL = {"id": "c1", "function": {"name": "find", "arguments": {"z": 1.0, "a": {"y": [None, True], "b": "<é>"}}}}
TOOL = {
    "type": "function",
    "function": {
        "name": "find",
        "description": "Find <it>",
        "parameters": {
            "type": "object",
            "required": ["z"],
            "additionalProperties": False,
            "properties": {
                "z": {"description": "a number", "minimum": 0, "type": "number"},
                "a": {"type": "object", "properties": {"y": {"type": "array", "items": {"type": ["null", "string"]}}}},
            },
        },
    },
}
ROUND = [*HI, Message("assistant", "", tool_calls=[CALL]), Message("tool", "ok", tool_call_id="c1"), *HI]


@pytest.mark.parametrize("name", NAMES)
def test_no_tools_are_no_tools_however_they_are_given(name: str) -> None:
    today = datetime.date(2026, 1, 2)
    assert render(name, HI, [], today=today) == render(name, HI, (), today=today) == render(name, HI, today=today)


@pytest.mark.parametrize("name", NAMES)
def test_the_prompt_begins_with_its_beginning_of_sequence_and_has_it_once(name: str) -> None:
    bos = leading_bos(name)
    if bos and name != "cohere":
        assert render(name, ROUND, [TOOL]).startswith(bos)
    assert render(name, ROUND, [TOOL]).count(bos or "\0") == (1 if bos and name != "cohere" else 0)


@pytest.mark.parametrize("name", NAMES)
def test_texts_are_written_as_they_are(name: str) -> None:
    text = "Grüße & <b>東京</b> 🚲 {{ 7 * 7 }} {% raw %} {# no #} \\n"
    assert text in render(name, [Message("user", text), Message("assistant", text), Message("user", "x")])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("think", [None, True, False, "low", "medium", "high", "max"])
def test_every_way_to_ask_for_thinking_renders(name: str, think: bool | str | None) -> None:
    assert render(name, ROUND, [TOOL], think).count("Hi") == 2


@pytest.mark.parametrize(
    ("name", "think", "end"),
    [
        ("qwen3.5", None, "<think>\n"),
        ("qwen3.5", False, "<think>\n\n</think>\n\n"),
        ("qwen3-vl-instruct", None, "<|im_start|>assistant\n"),
        ("qwen3-vl-instruct", "high", "<think>\n"),
        ("cogito", None, "<｜Assistant｜>"),
        ("cogito", True, "<｜Assistant｜><think>\n"),
        ("gemma4-large", False, "<|channel>thought\n<channel|>"),
        ("gemma4-small", False, "<|turn>model\n"),
        ("cohere", False, "<|START_THINKING|><|END_THINKING|>"),
    ],
)
def test_what_opens_the_models_turn_says_whether_to_think(name: str, think: bool | str | None, end: str) -> None:
    assert render(name, HI, (), think).endswith(end)


def test_an_effort_is_told_where_the_format_has_words_for_it() -> None:
    assert "\n\n{reasoning effort: efficient}<|im_end|>" in render("nemotron-3.5-nano", HI, think="medium")
    assert "Reasoning strength: low." in render("glimmer", HI, think="low")
    assert "Reasoning effort is set to low." in render("qwen3.8", HI, think="low")
    assert "Reasoning effort" not in render("qwen3.8", HI, think="medium")


def test_the_model_is_told_the_day() -> None:
    assert "Current date: 2026-01-02." in render("glimmer", HI, today=datetime.date(2026, 1, 2))
    assert f"Current date: {datetime.date.today()}." in render("glimmer", HI)


def test_arguments_keep_their_order_and_are_sorted_inside() -> None:
    assert '{"z":1,"a":{"b":"\\u003cé\\u003e","y":[null,true]}}' in render("deepseek3.1", ROUND)
    assert 'find(a={"b": "<é>", "y": [null, true]},z=1)' in render("lfm2", ROUND)
    assert 'find{a:{b:<|"|><é><|"|>,y:[null,true]},z:1}' in render("gemma4", ROUND)


def test_of_a_schema_only_what_ollama_knows_is_written_in_its_order() -> None:
    properties = (
        '{"z": {"type": "number", "description": "a number"}, '
        '"a": {"type": "object", "properties": {"y": {"type": "array", "items": {"type": ["null", "string"]}}}}}'
    )
    assert render("glm-4.7", HI, [TOOL]).count(
        '{"type": "function", "function": {"name": "find", "description": "Find \\u003cit\\u003e", '
        f'"parameters": {{"type": "object", "required": ["z"], "properties": {properties}}}}}}}'
    )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "tool",
    [
        {},
        {"type": "function", "function": {"name": "f"}},
        {"function": {"name": "f", "parameters": {"type": "object", "properties": {"a": None, "b": {"type": 3}}}}},
        {"function": {"name": "f", "parameters": {"properties": {"a": {"type": ["string"], "enum": "x", "anyOf": 1}}}}},
        {"function": {"name": 5, "description": None, "parameters": "none", "strict": True}},
    ],
    ids=str,
)
def test_a_tool_that_lacks_parts_is_written_as_far_as_it_goes(name: str, tool: dict[str, Any]) -> None:
    calls: list[dict[str, Any]] = [{}, {"function": {"name": "f", "arguments": None}}, {"id": None, "function": {}}]
    assert "Hi" in render(name, [*HI, Message("assistant", "", tool_calls=calls), Message("tool", "r"), *HI], [tool])


def test_images_are_counted_over_the_conversation() -> None:
    messages = [
        Message("user", "A [img] and", images=("1", "2")),
        Message("assistant", "So."),
        Message("user", "", images=("3",)),
    ]
    prompt = render("qwen3-vl-instruct", messages)
    assert "user\n[img-1] A [img-0] and<" in prompt
    assert "user\n[img-2]<" in prompt
    assert "[img-" not in render("qwen3-coder", messages)


def test_marks_that_are_there_already_are_not_doubled() -> None:
    messages = [Message("user", "[img-0] What?", images=("1",)), Message("user", "And?", images=("2",))]
    assert re.findall(r"\[img-\d\]", render("lfm2", messages)) == ["[img-0]", "[img-1]"]


def test_a_result_is_named_by_the_call_whose_id_it_gives() -> None:
    for name in ("gemma4", "glimmer"):
        assert re.search(r"tool find<|response:find\{", render(name, ROUND))
    assert '"tool_call_id": "0",\n        "results"' in render("cohere", ROUND)


def test_an_unknown_renderer_is_refused_by_name() -> None:
    with pytest.raises(UnknownRenderer, match=r'^unknown renderer "gpt-9"$'):
        render("gpt-9", HI)
    with pytest.raises(UnknownRenderer, match=r'^unknown renderer "gpt-9"$'):
        PromptTemplate.from_model(None, renderer="gpt-9")
    with pytest.raises(TemplateError, match="gpt-9"):
        leading_bos("gpt-9")


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("olmo3-")])  # those write no calls
@pytest.mark.parametrize("number", [math.inf, math.nan, 10**400], ids=["infinite", "none", "too large"])
def test_a_number_that_is_none_is_refused(name: str, number: float) -> None:
    messages = [*HI, Message("assistant", "", tool_calls=[{"function": {"name": "f", "arguments": {"a": number}}}])]
    with pytest.raises(TemplateFailed):
        render(name, messages)


def test_arguments_nested_without_end_are_refused() -> None:
    nested: dict[str, Any] = {}
    for _ in range(100_000):
        nested = {"a": nested}
    with pytest.raises(TemplateFailed, match="nested too deeply"):
        render("lfm2", [Message("assistant", "", tool_calls=[{"function": {"name": "f", "arguments": nested}}])])


def test_every_template_is_in_the_package_and_in_use() -> None:
    there = {file.name for file in TEMPLATES.iterdir()}
    for name in NAMES:  # reads and compiles what each needs
        assert render(name, ROUND, [TOOL])
    texts = [(TEMPLATES / file).read_text("utf-8") for file in there]
    included = {used for text in texts for used in re.findall(r'include "(.*?)"', text)}
    assert there == included | {f"{renderer(name).template}.jinja" for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_message_takes_less_than_150_calls_to_render(name: str) -> None:
    messages = [Message("system", "Be brief."), *(ROUND * 50)]
    render(name, messages, [TOOL])
    assert count_calls(lambda: render(name, messages, [TOOL])).total() < 150 * len(messages)
