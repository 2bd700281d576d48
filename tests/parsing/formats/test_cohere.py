from paddock.parsing.formats.cohere import cohere_reply
from paddock.parsing.reply import ReplyRequest
from paddock.parsing.stream import Reader, Sink, Steps
from tests.parsing.formats.reading import CALL, read_however_cut
from tests.parsing.recorded import Result


def thinking(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    return cohere_reply(reader, sink, thinks=True)


def without_thinking(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
    return cohere_reply(reader, sink, thinks=False)


def test_thinking_ends_with_its_tag_and_the_text_has_tags_of_its_own() -> None:
    reply = "<|START_THINKING|>so \n<|END_THINKING|>\n<|START_TEXT|>Hello <|END_TEXT|>"
    assert read_however_cut(thinking, reply) == Result("Hello ", "so", (), False)


def test_the_prompt_may_have_opened_the_thinking() -> None:
    assert read_however_cut(thinking, "so<|END_THINKING|>Hello") == Result("Hello", "so", (), False)


def test_a_reply_without_thinking_begins_with_its_text() -> None:
    reply = "<|START_RESPONSE|>Hello<|END_RESPONSE|>"
    assert read_however_cut(without_thinking, reply) == Result("Hello", "", (), False)


def test_objects_that_are_no_calls_are_left_out_of_a_section_of_calls() -> None:
    call = '{"tool_call_id": "0", "tool_name": "ping", "parameters": {"a": 1}}'
    reply = f'<|START_ACTION|>[{{"tool_name": 1}}, {{broken}}, {call}]<|END_ACTION|>Done'
    assert read_however_cut(without_thinking, reply) == Result("Done", "", CALL, False)


def test_a_call_may_leave_out_its_arguments() -> None:
    reply = '<|START_ACTION|>[{"tool_name": "ping"}]<|END_ACTION|>'
    assert read_however_cut(without_thinking, reply).calls == (("ping", {}),)
