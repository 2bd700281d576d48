from paddock.templates import Message
from paddock.templates.message import joined_by_role, system_text, with_image_marks


def test_neighbours_of_one_role_become_one_message() -> None:
    messages = [Message("user", "a"), Message("user", "b", images=("i",)), Message("assistant", "c")]
    assert joined_by_role(messages) == [Message("user", "a\n\nb", images=("i",)), Message("assistant", "c")]


def test_results_of_tools_stay_apart() -> None:
    messages = [Message("tool", "a"), Message("tool", "b")]
    assert joined_by_role(messages) == messages


def test_all_system_messages_are_one_text() -> None:
    assert system_text([Message("system", "a"), Message("user", "u"), Message("system", "b")]) == "a\n\nb"


def test_images_are_counted_over_the_conversation() -> None:
    messages = [Message("user", "see [img] and", images=("1", "2")), Message("user", "more", images=("3",))]
    assert [m.content for m in with_image_marks(messages)] == ["[img-1]see [img-0] and", "[img-2]more"]


def test_a_mark_without_an_image_stays_as_it_is() -> None:
    assert with_image_marks([Message("user", "[img]")]) == [Message("user", "[img]")]
