from paddock.templates import Message
from paddock.templates.message import joined_by_role, system_text


def test_neighbours_of_one_role_become_one_message() -> None:
    messages = [Message("user", "a"), Message("user", "b", images=("i",)), Message("assistant", "c")]
    assert joined_by_role(messages) == [Message("user", "a\n\nb", images=("i",)), Message("assistant", "c")]


def test_results_of_tools_stay_apart() -> None:
    messages = [Message("tool", "a"), Message("tool", "b")]
    assert joined_by_role(messages) == messages


def test_all_system_messages_are_one_text() -> None:
    assert system_text([Message("system", "a"), Message("user", "u"), Message("system", "b")]) == "a\n\nb"
