from dataclasses import replace

from paddock.parsing.formats.tagged_reply import Spaces, Start, TagFormat, tagged_reply
from paddock.parsing.reply import ReplyRequest, ToolCall
from paddock.parsing.stream import Reader, Sink, Steps
from tests.parsing.formats.reading import read_however_cut
from tests.parsing.recorded import Result

TAGS = TagFormat(thinking=("<think>", "</think>"), calls=(("<call>", "</call>"),))
CALL: tuple[tuple[str, object], ...] = (("ping", {}),)


def read_calls(text: str, closed: bool) -> list[ToolCall] | None:
    """Read names of tools; a text in upper case is no call, an open call is left out."""
    return None if text.isupper() else [ToolCall(name, {}) for name in text.split() if closed]


def read(reply: str, tags: TagFormat = TAGS, start: Start = Start.CONTENT, *, show_thinking: bool = True) -> Result:
    def grammar(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
        return tagged_reply(reader, sink, tags, start, read_calls, show_thinking=show_thinking)

    return read_however_cut(grammar, reply)


def test_a_reply_begins_where_it_is_said_to_begin() -> None:
    reply = "<think>so</think>Hello"
    assert read(reply, start=Start.EITHER) == Result("Hello", "so", (), False)
    assert read("so</think>Hello", start=Start.THINKING) == Result("Hello", "so", (), False)
    assert read("Hello", start=Start.EITHER) == Result("Hello", "", (), False)
    assert read(reply) == Result(reply, "", (), False)


def test_thinking_that_is_not_to_be_shown_is_dropped() -> None:
    assert read("so</think>Hello", start=Start.THINKING, show_thinking=False) == Result("Hello", "", (), False)


def test_content_stands_around_calls_and_a_text_that_is_no_call_is_content() -> None:
    assert read("a<call>ping</call>b") == Result("ab", "", CALL, False)
    assert read("a<call>NO</call>b") == Result("a<call>NO</call>b", "", (), False)
    assert read("a<call>ping") == Result("a", "", (), False)


def test_each_of_several_calls_may_have_tags_of_its_own() -> None:
    tags = replace(TAGS, each_call=("[", "]"))
    assert read("<call> [ping] , [ping]</call>b", tags) == Result("b", "", CALL * 2, False)


def test_a_call_ends_the_thinking_only_where_the_format_says_so() -> None:
    reply = "so<call>ping</call>Hello"
    assert read(reply, replace(TAGS, calls_in_thinking=True), Start.THINKING) == Result("Hello", "so", CALL, False)
    assert read(reply, start=Start.THINKING) == Result("", reply, (), False)


def test_white_space_of_the_format_is_dropped_and_other_white_space_is_kept() -> None:
    tags = replace(TAGS, spaces=Spaces(after_content=True, after_thinking=True, between=True))
    reply = " so \n</think>\n Hello \n<call>ping</call> \nBye \n"
    assert read(reply, tags, Start.THINKING) == Result("Hello \nBye", " so", CALL, False)
    assert read(reply, start=Start.THINKING) == Result("\n Hello \n \nBye \n", " so \n", CALL, False)


def test_half_a_tag_at_the_end_is_text_only_where_the_format_says_so() -> None:
    assert read("Hello <ca").content == "Hello <ca"
    assert read("Hello <ca", replace(TAGS, half_tags_in_content=False)).content == "Hello "


def test_thinking_may_begin_again_and_hidden_text_is_dropped() -> None:
    tags = replace(TAGS, reopens=True, hidden=("<hide>", "</hide>"), ignored=("<nop>",))
    reply = "a<hide>secret</hide>b<nop>c<think>so</think>d"
    assert read(reply, tags) == Result("abcd", "so", (), False)
