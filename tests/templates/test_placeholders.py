"""Placeholders of images are put into messages, and taken out of the finished prompt."""

import re

from hypothesis import given
from hypothesis import strategies as st

from paddock.ipc import Placeholder
from paddock.templates import Message
from paddock.templates.placeholders import has_placeholders, place_images, split_placeholders, with_placeholders


def test_images_are_counted_over_the_conversation() -> None:
    messages = [Message("user", "see [img] and", images=("1", "2")), Message("user", "more", images=("3",))]
    assert [m.content for m in with_placeholders(messages)] == ["[img-1]see [img-0] and", "[img-2]more"]


def test_an_unnumbered_placeholder_without_an_image_stays_as_it_is() -> None:
    assert with_placeholders([Message("user", "[img]")]) == [Message("user", "[img]")]


def test_images_without_a_place_come_before_the_text() -> None:
    assert place_images("a [img] b", 3, 3) == ("[img-4][img-5]", "a [img-3] b")
    assert place_images("a", 3, 0) == ("", "a")


def test_a_client_may_place_images_itself() -> None:
    assert has_placeholders("see [img-7]")
    assert not has_placeholders("see [img]")


def test_placeholders_are_taken_out_of_a_prompt() -> None:
    text, places = split_placeholders("größe [img-1] and [img-0][img-1]", 2)
    assert text == "größe  and "
    assert places == (Placeholder(6, 1), Placeholder(11, 0), Placeholder(11, 1))


def test_placeholders_of_other_images_are_text() -> None:
    prompt = "what does [img-1] mean, or [img-99999999], or [img-x]"
    assert split_placeholders(prompt, 1) == (prompt, ())
    assert split_placeholders("see [img-0]", 0) == ("see [img-0]", ())


@given(st.text("[img-0123]ab ", max_size=60), st.integers(0, 4))
def test_a_prompt_is_the_same_with_its_placeholders_put_back(prompt: str, count: int) -> None:
    text, places = split_placeholders(prompt, count)
    assert [p.image for p in places] == [int(n) for n in re.findall(r"\[img-(\d{1,6})\]", prompt) if int(n) < count]
    for place in reversed(places):
        text = f"{text[: place.offset]}[img-{place.image}]{text[place.offset :]}"
    numbered = re.compile(r"\[img-(\d{1,6})\]")
    assert text == numbered.sub(lambda m: f"[img-{int(m[1])}]" if int(m[1]) < count else m[0], prompt)


def placed_one_by_one(text: str, first: int, count: int) -> tuple[str, str]:
    before = ""
    for number in range(first, first + count):
        if "[img]" in text:
            text = text.replace("[img]", f"[img-{number}]", 1)
        else:
            before += f"[img-{number}]"
    return before, text


@given(
    st.lists(st.sampled_from(["[img]", "[im", "g]", "[", "]", "-0", "a"])).map("".join),
    st.integers(0, 9),
    st.integers(0, 5),
)
def test_images_take_their_places_as_if_one_by_one(text: str, first: int, count: int) -> None:
    assert place_images(text, first, count) == placed_one_by_one(text, first, count)


def test_many_images_in_a_long_text_are_placed_in_a_moment() -> None:
    before, text = place_images("[img] " * 200_000, 0, 400_000)
    assert text.startswith("[img-0] [img-1] ")
    assert before.endswith("[img-399999]")
