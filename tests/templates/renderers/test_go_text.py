import json
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.templates import TemplateFailed
from paddock.templates.renderers.go_text import bare, json_text, whole_or_bare


@pytest.mark.parametrize(
    ("number", "in_json", "alone", "whole"),
    [
        (0, "0", "0", "0"),
        (-0.0, "-0", "-0", "0"),
        (3.0, "3", "3", "3"),
        (-0.75, "-0.75", "-0.75", "-0.75"),
        (100000, "100000", "100000", "100000"),
        (123456.5, "123456.5", "123456.5", "123456.5"),
        (1234567, "1234567", "1.234567e+06", "1234567"),
        (12345678.5, "12345678.5", "1.23456785e+07", "1.23456785e+07"),
        (9007199254740993, "9007199254740992", "9.007199254740992e+15", "9007199254740992"),
        (2**64 - 1, "18446744073709552000", "1.8446744073709552e+19", "1.8446744073709552e+19"),
        (1e21, "1e+21", "1e+21", "1e+21"),
        (-1e100, "-1e+100", "-1e+100", "-1e+100"),
        (0.0001, "0.0001", "0.0001", "0.0001"),
        (0.00001, "0.00001", "1e-05", "1e-05"),
        (1.5e-6, "0.0000015", "1.5e-06", "1.5e-06"),
        (1e-7, "1e-7", "1e-07", "1e-07"),
        (5e-324, "5e-324", "5e-324", "5e-324"),
    ],
)
def test_numbers_are_written_as_go_does(number: float, in_json: str, alone: str, whole: str) -> None:
    assert (json_text(number), bare(number), whole_or_bare(number)) == (in_json, alone, whole)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**70), 2**70))
def test_a_number_reads_back_as_the_float_it_is(number: float) -> None:
    for written in (json_text(number), bare(number), whole_or_bare(number)):
        assert float(written) == float(number)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES, st.booleans(), st.booleans(), st.integers(0, 4))
def test_json_reads_back_whatever_its_dress(value: Any, spaced: bool, escaped: bool, indent: int) -> None:
    written = json_text(value, spaced, escaped, indent=indent)
    assert json.loads(written, parse_int=float) == value
    assert not (escaped and re.search("[<>&\u2028\u2029]", written))


def test_a_value_without_quotes_is_a_word_a_number_or_its_text() -> None:
    assert [bare(value) for value in (None, True, "a b", 2.5)] == ["null", "true", "a b", "2.5"]


def test_keys_are_in_their_order_or_sorted() -> None:
    value = {"b": 1, "a": {"d": 2, "c": 3}}
    assert json_text(value) == '{"b":1,"a":{"d":2,"c":3}}'
    assert json_text(value, sorted_keys=True) == '{"a":{"c":3,"d":2},"b":1}'


def test_json_is_spread_over_lines_but_for_what_is_empty() -> None:
    assert json_text({"a": [1, {}], "b": []}, indent=2) == '{\n  "a": [\n    1,\n    {}\n  ],\n  "b": []\n}'


@pytest.mark.parametrize("number", [math.inf, math.nan, 10**400], ids=["infinite", "none", "too large"])
def test_a_number_that_is_none_has_no_text(number: float) -> None:
    for write in (json_text, bare, whole_or_bare):
        with pytest.raises(TemplateFailed, match="unsupported value"):
            write(number)
