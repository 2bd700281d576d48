"""Fields that take more than one type, as Ollama reads them."""

import base64
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.protocol.json import BadRequest
from paddock.protocol.ollama import read_images, read_input, read_licenses, read_tool_choice


@given(st.binary(max_size=40), st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["\n", "\r", "\r\n"]))))
def test_line_ends_within_base64_mean_nothing(data: bytes, ends: list[tuple[int, str]]) -> None:
    text = base64.b64encode(data).decode()
    for place, end in ends:
        text = text[:place] + end + text[place:]
    assert read_images([text]) == [data]


@pytest.mark.parametrize(
    ("text", "place"), [("a b=", 1), ("ab\n*=", 3), ("é", 0), ("\tYQ==", 0), ("-_-_", 0), ("YQ", 2), ("Y", 1)]
)
def test_what_is_no_base64_is_refused_with_its_place(text: str, place: int) -> None:
    with pytest.raises(BadRequest, match=f"^illegal base64 data at input byte {place}$"):
        read_images(["YQ==", text])


def test_no_images_are_none() -> None:
    assert read_images(None) == []


@pytest.mark.parametrize(
    ("value", "choice"),
    [
        (None, ("auto", "")),
        ("", ("auto", "")),
        ("auto", ("auto", "")),
        ("none", ("none", "")),
        ("required", ("required", "")),
        ("get_weather", ("required", "get_weather")),
        ({"type": "function", "function": {"name": "auto"}}, ("required", "auto")),
        ({"function": {"name": "f"}}, ("required", "f")),
    ],
)
def test_a_choice_of_tools_is_a_word_or_a_function(value: Any, choice: tuple[str, str]) -> None:
    assert read_tool_choice(value) == choice


@given(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.lists(st.text()),
        st.dictionaries(st.sampled_from(["type", "name", "functions"]), st.text()),
        st.fixed_dictionaries({"type": st.just("function"), "function": st.one_of(st.none(), st.text(), st.just({}))}),
    )
)
def test_any_other_choice_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match=r"^tool_choice must be"):
        read_tool_choice(value)


@pytest.mark.parametrize(("value", "texts"), [(None, []), ("", []), ("a", ["a"]), (["a", ""], ["a", ""]), ([], [])])
def test_one_text_or_several(value: Any, texts: list[str]) -> None:
    assert read_input(value) == read_licenses(value) == texts


@pytest.mark.parametrize("value", [1, True, {}, ["a", 1]])
def test_other_than_texts_is_refused(value: Any) -> None:
    with pytest.raises(BadRequest, match="invalid input type"):
        read_input(value)
    with pytest.raises(BadRequest, match="license must be"):
        read_licenses(value)
