from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.conversion.checkpoint.numbers import finite32, positive32


@pytest.mark.parametrize("value", [True, "1", None, [1], float("nan"), float("inf"), 1e300, 10**400])
def test_other_values_are_no_numbers(value: Any) -> None:
    assert not finite32(value)
    assert not positive32(value)


@given(st.one_of(st.floats(), st.integers()))
def test_what_is_accepted_is_finite_as_a_32_bit_float(value: float) -> None:
    if finite32(value):
        assert np.isfinite(np.float32(value))
    if positive32(value):
        assert np.float32(value) > 0


@pytest.mark.parametrize("value", [0, -1, 1e-60, -0.0])
def test_numbers_that_become_0_are_not_positive(value: float) -> None:
    assert finite32(value)
    assert not positive32(value)
