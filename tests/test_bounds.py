import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.bounds import FIELD_BOUNDS, INT64, OPTION_BOUNDS, Bound, Outside
from paddock.library.options import IGNORED, OPTION_TYPES
from paddock.options import Options
from paddock.processors import processors


def test_every_option_that_is_a_number_has_bounds() -> None:
    numbers = {name for name, kind in OPTION_TYPES.items() if kind in ("integer", "float32")}
    assert OPTION_BOUNDS.keys() == numbers
    assert {name for name, bound in OPTION_BOUNDS.items() if bound.outside is Outside.IGNORED} == IGNORED & numbers
    assert Options.__dataclass_fields__


@given(bound=st.sampled_from(list(OPTION_BOUNDS.values())), number=st.integers() | st.floats(allow_nan=False))
def test_what_a_number_counts_as_is_within_the_bounds_and_of_its_type(bound: Bound, number: float) -> None:
    counts_as = bound.apply(number)
    assert type(counts_as) is type(number)
    if isinstance(number, float) or float(bound.smallest).is_integer():
        assert bound.smallest <= counts_as <= bound.largest
    if bound.smallest <= number <= bound.largest:
        assert counts_as == number


def test_an_unknown_version_of_mirostat_is_none() -> None:
    assert [OPTION_BOUNDS["mirostat"].apply(n) for n in (-1, 0, 1, 2, 3, 10**30)] == [0, 0, 1, 2, 0, 0]


@pytest.mark.parametrize("bound", [*OPTION_BOUNDS.values(), *FIELD_BOUNDS.values()])
def test_bounds_are_told_in_a_sentence(bound: Bound) -> None:
    assert bound.smallest < bound.largest <= INT64
    assert bound.description.startswith("From ")
    assert bound.outside.value in bound.description
    assert bound.description.endswith(".")


def test_a_number_is_told_as_people_write_it() -> None:
    assert Bound(-1, 2**31 - 1).description == "From -1 to 2^31 - 1; a number outside counts as the nearest of these."
    assert Bound(0, 0.5).description.startswith("From 0 to 0.5;")
    assert Bound(-(2**63), 2**63 - 1).description.startswith("From -2^63 to 2^63 - 1;")
    assert Bound(0, 10**7).description.startswith("From 0 to 10,000,000;")


def test_there_is_a_processor() -> None:
    assert processors() >= 1
    assert OPTION_BOUNDS["num_thread"].largest == processors()
