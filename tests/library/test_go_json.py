import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.library.go_json import go_json, go_number, go_quoted

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_it_is_json(value: object) -> None:
    assert json.loads(go_json(value)) == value


def test_keys_are_sorted_and_markup_is_escaped() -> None:
    value = {"stop": ["</s>", "a&b\u2028é\x01"], "num_ctx": 256, "b": True, "a": None}
    assert go_json(value) == r'{"a":null,"b":true,"num_ctx":256,"stop":["\u003c/s\u003e","a\u0026b\u2028é\u0001"]}'


@pytest.mark.parametrize(
    ("value", "in_json", "printed"),
    [
        (0.0, "0", "0"),
        (0.5, "0.5", "0.5"),
        (-2.0, "-2", "-2"),
        (1e-05, "0.00001", "1e-05"),
        (1.5e-7, "1.5e-7", "1.5e-07"),
        (1e20, "100000000000000000000", "100000000000000000000"),
        (1e21, "1e+21", "1e+21"),
        (1.25e22, "1.25e+22", "1.25e+22"),
        (123456789012345680.0, "123456789012345680", "123456789012345680"),
        (40, "40", "40"),
    ],
)
def test_numbers_are_written_shortest(value: float, in_json: str, printed: str) -> None:
    assert go_number(value) == in_json
    assert go_number(value, json_rules=False) == printed


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_number_reads_back(value: float) -> None:
    assert float(go_number(value)) == value
    assert float(go_number(value, json_rules=False)) == value


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("a b", '"a b"'),
        ('say "hi" \\ bye', '"say \\"hi\\" \\\\ bye"'),
        ("a\nb\r\tc", '"a\\nb\\r\\tc"'),
        ("\x00\x1b[31m\x7f", '"\\x00\\x1b[31m\\x7f"'),
        ("모델 é", '"모델 é"'),
        ("\u2028\u200b\xa0", '"\\u2028\\u200b\\u00a0"'),
        ("\U000e0001", '"\\U000e0001"'),
    ],
)
def test_a_quoted_text_is_one_line(text: str, quoted: str) -> None:
    assert go_quoted(text) == quoted
