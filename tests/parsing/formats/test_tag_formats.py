import pytest

from paddock.parsing.formats.tag_formats import StartRule, as_json, as_python, as_separated, in_braces, or_text
from paddock.parsing.formats.tagged_reply import Start
from paddock.parsing.reply import ParseError, ReplyRequest, ToolCall

FUNCTIONS = {"f": {"name": "f"}}
F = [ToolCall("f", {"a": 1})]
JSON = '{"name": "f", "arguments": {"a": 1}}'


@pytest.mark.parametrize(
    ("rule", "begins", "does_not"),
    [
        (StartRule(Start.THINKING, only_if_on=True), ReplyRequest(think=True), ReplyRequest()),
        (StartRule(Start.THINKING, unless_off=True), ReplyRequest(), ReplyRequest(think=False)),
        (StartRule(Start.THINKING, unless_prefilled=True), ReplyRequest(), ReplyRequest(prefilled=True)),
        (StartRule(Start.THINKING, unless_tools=True), ReplyRequest(), ReplyRequest(FUNCTIONS)),
        (StartRule(Start.THINKING, unless_after="tool"), ReplyRequest(), ReplyRequest(last_role="tool")),
        (StartRule(Start.THINKING, only_after="user"), ReplyRequest(last_role="user"), ReplyRequest(last_role="tool")),
    ],
)
def test_a_reply_begins_with_thinking_only_under_its_condition(
    rule: StartRule, begins: ReplyRequest, does_not: ReplyRequest
) -> None:
    assert (rule.start_of(begins), rule.start_of(does_not)) == (Start.THINKING, Start.CONTENT)


def test_a_call_without_its_closing_tag_counts_only_if_it_is_complete() -> None:
    read = as_json(FUNCTIONS)
    assert read(JSON, True) == read(JSON, False) == F
    assert read(JSON[:-1], False) == []
    with pytest.raises(ParseError):
        read(JSON[:-1], True)
    assert as_python(FUNCTIONS)("f(a=", False) == []


def test_a_broken_call_is_text_where_the_format_says_so() -> None:
    read = or_text(as_json)(FUNCTIONS)
    assert read(JSON, True) == F
    assert read("{", True) is None
    assert read("{", False) is None


def test_strings_in_braces_stand_between_the_quotes_of_the_family() -> None:
    assert in_braces("<q>")(FUNCTIONS)("call:f{a:<q>x, y<q>}", True) == [ToolCall("f", {"a": "x, y"})]


@pytest.mark.parametrize(
    "text",
    ['f<｜tool▁sep｜>{"a": 1}', 'function<｜tool▁sep｜>f\n```json\n{"a": 1}\n```', ' f <｜tool▁sep｜>\n{"a": 1} '],
)
def test_a_separator_stands_behind_the_name_or_before_it(text: str) -> None:
    assert as_separated(FUNCTIONS)(text, True) == F


@pytest.mark.parametrize("text", ['f{"a": 1}', "<｜tool▁sep｜>{}", "f<｜tool▁sep｜>{broken"])
def test_without_separator_name_or_arguments_there_is_no_separated_call(text: str) -> None:
    assert as_separated(FUNCTIONS)(text, True) is None
