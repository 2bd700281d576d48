import pytest
from jinja2 import UndefinedError

from paddock.templates import Message, TemplateRefused
from paddock.templates.renderers.conversation import turns_of
from paddock.templates.renderers.environment import last_index, last_question, refuse, split_thoughts, template

TURNS = turns_of(
    [
        Message("system", "Be brief."),
        Message("user", "What?"),
        Message("assistant", "This."),
        Message("user", " <tool_response>1</tool_response>\n"),
    ],
    places_images=False,
)


def test_the_last_message_of_a_role_is_found() -> None:
    assert [last_index(TURNS, role) for role in ("system", "user", "tool")] == [0, 3, -1]


def test_a_result_that_is_sent_as_a_users_message_is_no_question() -> None:
    assert last_question(TURNS) == 1
    assert last_question(TURNS[3:]) == -1
    assert last_question([]) == -1


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("<think>\nso\n</think>\n\nHello\n", ("so", "Hello\n")),
        ("so</think>Hello</think>", ("so", "Hello</think>")),
        ("a<think>b<think>c</think>d", ("c", "d")),
        ("<think>so", ("", "<think>so")),
    ],
)
def test_thinking_ends_with_the_first_closing_tag(text: str, parts: tuple[str, str]) -> None:
    assert split_thoughts(text) == parts


def test_a_template_is_compiled_once_and_refuses_a_variable_that_is_missing() -> None:
    assert template("qwen3_coder.jinja") is template("qwen3_coder.jinja")
    with pytest.raises(UndefinedError):
        template("qwen3_coder.jinja").render()


def test_a_conversation_is_refused_with_its_reason() -> None:
    with pytest.raises(TemplateRefused, match=r"^no system role$"):
        refuse("no system role")


def test_only_templates_of_the_package_are_found() -> None:
    with pytest.raises(FileNotFoundError):
        template("nothing.jinja")
