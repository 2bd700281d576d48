"""The reply format of a Go template, from the texts around a call that the template shows."""

import pytest

from paddock.ipc import LiteralText, ThinkingTags
from paddock.parsing.formats.go_template import format_of_go_template
from paddock.parsing.formats.harmony import HARMONY_OF_TEMPLATE
from paddock.parsing.reply import ReplyRequest
from paddock.parsing.reply_format import ReplyFormat
from tests.parsing.formats.reading import CALL, FUNCTIONS, read_however_cut
from tests.parsing.recorded import Result

PING = [{"type": "function", "function": FUNCTIONS["ping"]}]


def shown(prefix: str, texts: tuple[str, str, str] | None, thinking: tuple[str, str] = ("", "")) -> ReplyFormat:
    return format_of_go_template("{{ .Prompt }}", thinking, prefix, texts)


def around(reply_format: ReplyFormat) -> tuple[str, str]:
    """Return the literal texts before and behind the arguments of a call that the model is forced to write."""
    assert reply_format.call_format is not None
    before, _, *behind = reply_format.call_format.constraint(PING).calls[0].parts
    texts = [part.text for part in (before, *behind) if isinstance(part, LiteralText)]
    return texts[0], "".join(texts[1:])


@pytest.mark.parametrize(
    ("texts", "before", "behind"),
    [
        (
            ('<call>\n{"name": "', '", "arguments": ', "}\n</call>"),
            '<call>\n{"name": "ping", "arguments": ',
            "}\n</call>",
        ),
        ((' [TOOLS] [{"name": "', '", "arguments": ', "}]</s>"), '[TOOLS] [{"name": "ping", "arguments": ', "}]"),
        (('{"name": "', '", "parameters": ', " and more"), '{"name": "ping", "parameters": ', "}"),
        (("[CALL]", "[CALL_ID][ARGS]", "</s>"), "[CALL]ping[ARGS]", ""),
    ],
)
def test_a_forced_call_has_the_texts_of_the_template_and_closes_its_brackets(
    texts: tuple[str, str, str], before: str, behind: str
) -> None:
    assert around(shown("", texts)) == (before, behind)


def test_a_call_without_shown_texts_is_json_behind_the_prefix() -> None:
    assert around(shown("<call>", None)) == ('<call>{"name": "ping", "arguments": ', "}")
    assert around(shown("TOOLS[", None)) == ('TOOLS[{"name": "ping", "arguments": ', "}]")


def test_calls_are_read_behind_the_prefix_and_everywhere_without_one() -> None:
    call = '{"name": "ping", "arguments": {"a": 1}}'
    for reply_format, reply, content in (
        (shown("<call>", None), f"Hello<call>{call}", "Hello"),
        (shown("", None), call, ""),
    ):
        assert reply_format.grammar is not None
        assert read_however_cut(reply_format.grammar, reply) == Result(content, "", CALL, False)


def test_thinking_needs_both_of_its_tags() -> None:
    request, reply = ReplyRequest(think=True), "<t>so</t>Hello"
    with_both, with_one = shown("", None, ("<t>", "</t>")), shown("", None, ("<t>", ""))
    assert with_both.thinking_tags == ThinkingTags("<t>", "</t>")
    assert with_both.grammar is not None
    assert read_however_cut(with_both.grammar, reply, request) == Result("Hello", "so", (), False)
    assert with_one.grammar is not None
    assert read_however_cut(with_one.grammar, reply, request) == Result(reply, "", (), False)


def test_a_template_in_channels_has_the_harmony_format() -> None:
    template = "<|start|><|channel|>final<|message|>"
    assert format_of_go_template(template, ("", ""), "", None) is HARMONY_OF_TEMPLATE
