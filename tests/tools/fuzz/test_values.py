import json
import random

from hypothesis import given
from hypothesis import strategies as st
from tools.fuzz.values import changed_json, changed_text, damaged, number_near

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(JSON, st.integers(0, 1000))
def test_changed_json_is_json_and_the_original_stays(value: object, seed: int) -> None:
    before = json.dumps(value)
    json.dumps(changed_json(value, random.Random(seed), ("x", 1)))
    assert json.dumps(value) == before


@given(st.text(), st.integers(0, 1000))
def test_a_changed_text_is_a_text(text: str, seed: int) -> None:
    assert isinstance(changed_text(text, random.Random(seed)), str)


@given(st.binary(min_size=1), st.integers(0, 1000))
def test_damaged_bytes_are_bytes(data: bytes, seed: int) -> None:
    assert isinstance(damaged(data, random.Random(seed), 10), bytes)


def test_numbers_near_another_are_never_negative() -> None:
    assert all(number_near(3, random.Random(seed)) >= 0 for seed in range(200))
