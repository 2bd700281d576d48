import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.terminal.go_format import format_decimal, format_float, format_value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (3.0, "3"),
        (128256.0, "128256"),
        (999999.0, "999999"),
        (1000000.0, "1e+06"),
        (1234567.0, "1.234567e+06"),
        (4294967295.0, "4.294967295e+09"),
        (1e-05, "1e-05"),
        (0.0001, "0.0001"),
        (-0.25, "-0.25"),
        (1e21, "1e+21"),
        (9007199254740993.0, "9.007199254740992e+15"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
    ],
)
def test_a_float_is_written_as_go_writes_it(value: float, text: str) -> None:
    assert format_float(value) == text


def test_a_decimal_never_has_an_exponent() -> None:
    assert format_decimal(131072.0) == "131072"
    assert format_decimal(1048576.0) == "1048576"
    assert format_decimal(0.00001) == "0.00001"
    assert format_decimal(1e21) == "1" + "0" * 21


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_written_float_reads_back_as_itself(value: float) -> None:
    assert float(format_float(value)) == value
    assert float(format_decimal(value)) == value
    assert "e" not in format_decimal(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "<nil>"),
        (True, "true"),
        ([64, 512], "[64 512]"),
        ([], "[]"),
        (["a", [1.5]], "[a [1.5]]"),
        ({"b": 1, "a": "x"}, "map[a:x b:1]"),
        ("text", "text"),
    ],
)
def test_json_values_are_written_as_go_writes_them(value: Any, text: str) -> None:
    assert format_value(value) == text
