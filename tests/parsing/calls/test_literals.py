import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.parsing.calls.literals import Literals
from paddock.parsing.reply import ParseError


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("'it\\'s\\n'", "it's\n"),
        ('"a\\"b\\u00e9\\ud83d"', 'a"bé\ufffd'),
        ("[1, 2.5, None, true, 'x', {'a': -3}]", [1, 2.5, None, True, "x", {"a": -3}]),
        ("{a: [b c, 1e2], 'd': {}}", {"a": ["b c", 100], "d": {}}),
        ("0x1F", "0x1F"),
    ],
)
def test_a_literal_is_read(text: str, value: Any) -> None:
    literals = Literals(text)
    assert literals.value() == value
    assert literals.ends()


@pytest.mark.parametrize("text", ["'open", "[1 2", "{a}", "{a: 1", "[", "", ")", "[" * 200 + "]" * 200])
def test_a_literal_that_is_broken_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        Literals(text).value()


@given(
    st.recursive(st.integers() | st.booleans() | st.text("ab \"\\\n'{}[]:,"), lambda inner: st.lists(inner, max_size=3))
)
def test_a_list_in_json_is_read_as_json_reads_it(value: Any) -> None:
    assert Literals(json.dumps(value)).value() == value


def test_pairs_end_with_their_closing_text_and_leave_what_follows() -> None:
    literals = Literals("a=1, b.c-d='x', ) rest")
    assert literals.pairs("=", ")") == {"a": 1, "b.c-d": "x"}
    assert literals.text[literals.at :] == " rest"


def test_a_key_without_a_value_is_passed_over_only_if_mending() -> None:
    assert Literals("a, b: 1}", mends=True).pairs(":", "}") == {"b": 1}
    with pytest.raises(ParseError, match="':' after a name"):
        Literals("a, b: 1}").pairs(":", "}")


def test_an_open_string_ends_with_the_text_if_mending() -> None:
    assert Literals("'open}", mends=True).value() == "open"


def test_quotes_of_several_characters_take_their_content_as_it_is() -> None:
    assert Literals('<|"|>a"\\n<|"|>', quotes=('<|"|>', '"')).value() == 'a"\\n'
