import pytest

from paddock.parsing.formats.ministral import ministral_reply
from tests.parsing.formats.reading import CALL, read_however_cut
from tests.parsing.recorded import Result


def test_thinking_and_calls_may_stand_anywhere() -> None:
    reply = 'Hello \n[THINK]so [/THINK]world[TOOL_CALLS]ping[ARGS] {"a": 1}'
    assert read_however_cut(ministral_reply, reply) == Result("Helloworld", "so ", CALL, False)


def test_each_call_has_a_tag_of_its_own() -> None:
    reply = '[TOOL_CALLS]ping[ARGS]{"a": 1}' * 2
    assert read_however_cut(ministral_reply, reply).calls == CALL * 2


@pytest.mark.parametrize("call", ["nothing[ARGS]{}", "ping[ARGS]1", "ping[ARGS]{a: 1}"])
def test_a_call_of_an_unknown_tool_or_with_broken_arguments_is_an_error(call: str) -> None:
    result = read_however_cut(ministral_reply, f"Hello[TOOL_CALLS]{call} more")
    assert result == Result("Hello", "", (), True)


@pytest.mark.parametrize("call", ["pi", "ping[AR", 'ping[ARGS]{"a": "}', "ping[ARGS]"])
def test_a_call_that_the_reply_ends_in_is_left_out(call: str) -> None:
    assert read_however_cut(ministral_reply, f"Hello[TOOL_CALLS]{call}") == Result("Hello", "", (), False)
