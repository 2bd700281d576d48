import pytest

from paddock.parsing.formats.glimmer import GLIMMER
from paddock.parsing.reply import ReplyRequest
from tests.parsing.formats.reading import CALL, FUNCTIONS, read_however_cut
from tests.parsing.recorded import Result


def calls(name: str = "ping") -> str:
    parameter = '<atem:parameter name="a">1</atem:parameter>'
    return f'<atem:function_calls><atem:invoke name="{name}">{parameter}</atem:invoke></atem:function_calls>'


def read(reply: str, think: bool | None = None) -> Result:
    assert GLIMMER.grammar is not None
    return read_however_cut(GLIMMER.grammar, reply, ReplyRequest(FUNCTIONS, think))


def test_a_message_to_oneself_is_thinking_and_one_to_the_user_is_content() -> None:
    reply = " to=self<|message|>so<|eom|><|start|>assistant to=user<|message|>Hello<|eot|>"
    assert read(reply) == Result("Hello", "so", (), False)
    assert read(reply, think=False) == Result("Hello", "", (), False)


def test_a_reply_without_a_header_is_content() -> None:
    assert read(" Hello") == Result(" Hello", "", (), False)


def test_a_message_to_a_tool_is_a_call() -> None:
    assert read(f" to=ping<|message|>{calls()}<|eot|>") == Result("", "", CALL, False)


@pytest.mark.parametrize("body", ["Hello", calls("pong"), calls()[:-1]])
def test_a_message_to_a_tool_that_does_not_call_it_is_an_error(body: str) -> None:
    assert read(f" to=ping<|message|>{body}<|eot|>") == Result("", "", (), True)


def test_calls_in_a_message_to_the_user_count_only_if_all_tools_are_known() -> None:
    assert read(f" to=user<|message|>{calls()} Done<|eot|>") == Result(" Done", "", CALL, False)
    unknown = calls("unknown")
    assert read(f" to=user<|message|>{unknown}<|eot|>") == Result(unknown, "", (), False)
