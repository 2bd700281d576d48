import pytest

from paddock.parsing.formats.harmony import HARMONY, HARMONY_OF_TEMPLATE, is_harmony
from paddock.parsing.reply import ReplyRequest
from tests.parsing.formats.reading import CALL, FUNCTIONS, read_however_cut
from tests.parsing.recorded import Result

ANSWER = "<|channel|>final<|message|>Hello<|return|>"


def read(reply: str, request: ReplyRequest | None = None, *, of_template: bool = False) -> Result:
    grammar = (HARMONY_OF_TEMPLATE if of_template else HARMONY).grammar
    assert grammar is not None
    return read_however_cut(grammar, reply, request)


def test_the_analysis_channel_is_thinking_and_every_other_is_content() -> None:
    reply = f"<|channel|>analysis<|message|>so<|end|><|start|>assistant{ANSWER}"
    assert read(reply) == Result("Hello", "so", (), False)
    assert read("<|channel|>commentary<|message|>Hello<|end|>").content == "Hello"


@pytest.mark.parametrize(
    "header",
    ["<|channel|>commentary to=functions.ping <|constrain|>json", " to=functions.ping<|channel|>commentary json"],
)
def test_a_message_to_a_tool_is_a_call_wherever_its_header_names_the_tool(header: str) -> None:
    assert read(f'{header}<|message|>{{"a": 1}}<|call|>') == Result("", "", CALL, False)


def test_arguments_that_are_no_json_object_are_an_error() -> None:
    assert read("<|channel|>commentary to=functions.ping<|message|>[1]<|call|>") == Result("", "", (), True)


def test_a_reply_may_continue_the_last_message_of_the_request() -> None:
    answered = ReplyRequest(FUNCTIONS, last_role="assistant", prefilled=True)
    thought = ReplyRequest(FUNCTIONS, last_role="assistant", prefilled_thinking=True)
    assert read(f" it is<|end|><|start|>assistant{ANSWER}", answered).content == " it isHello"
    assert read(f" it is<|end|><|start|>assistant{ANSWER}", thought).thinking == " it is"


def test_a_reply_may_continue_the_message_that_the_prompt_has_begun() -> None:
    begun = ReplyRequest(prompt="<|start|>assistant<|channel|>analysis<|message|>so")
    ended = ReplyRequest(prompt="<|start|>user<|message|>Hi<|end|><|start|>assistant")
    assert read(" it is<|end|>", begun, of_template=True).thinking == " it is"
    assert read(ANSWER, ended, of_template=True).content == "Hello"


def test_a_template_is_of_this_format_if_it_has_all_its_tags() -> None:
    assert is_harmony("<|start|>a<|channel|>b<|message|>")
    assert not is_harmony("<|start|>a<|message|>")
