from typing import Any

import pytest

from paddock.conversion.architectures.config import MAX_INTEGER, Config
from paddock.conversion.errors import ConversionError


def test_the_first_key_that_is_set_counts() -> None:
    config = Config({"a": None, "b": 2, "c": 3})
    assert (config.integer("a", "b", "c"), config.integer("none", default=7)) == (2, 7)
    assert (config.has("a"), config.has("b"), config.get("none")) == (False, True, None)


@pytest.mark.parametrize("value", ["4", True, -1, 1.5, MAX_INTEGER, [1]])
def test_what_is_no_integer_is_refused_by_its_key(value: Any) -> None:
    with pytest.raises(ConversionError, match="heads must be a whole number"):
        Config({"heads": value}).integer("heads")


def test_a_whole_float_is_an_integer() -> None:
    assert Config({"a": 4.0}).integer("a") == 4


def test_a_missing_value_without_default_is_named() -> None:
    with pytest.raises(ConversionError, match="does not say hidden_size"):
        assert Config({}).width


@pytest.mark.parametrize("value", ["far", True, 1e300, 10**400])
def test_numbers_fit_a_32_bit_float(value: Any) -> None:
    with pytest.raises(ConversionError, match="x must be a number"):
        Config({"x": value}).number("x")


@pytest.mark.parametrize("value", [0, -1, 1e-60])
def test_positive_numbers_stay_above_0(value: float) -> None:
    with pytest.raises(ConversionError, match="x must be a number above 0"):
        Config({"x": value}).positive("x")


def test_a_flag_is_a_boolean() -> None:
    assert Config({"x": True}).flag("x")
    assert not Config({}).flag("x")
    with pytest.raises(ConversionError, match="x must be true or false"):
        Config({"x": 1}).flag("x")


def test_the_text_part_is_laid_over_the_rest() -> None:
    config = Config({"architectures": ["Seeing"], "hidden_size": 8, "text_config": {"hidden_size": 16}})
    assert (config.architecture, config.width) == ("Seeing", 16)


def test_heads_and_widths_follow_from_each_other() -> None:
    config = Config({"hidden_size": 64, "num_attention_heads": 4})
    assert (config.heads, config.kv_heads, config.head_width) == (4, 4, 16)
    assert Config({"num_attention_heads": 0}).heads == 1


def test_rope_is_read_from_either_form() -> None:
    old = Config({"rope_theta": 5e5, "rope_scaling": {"type": "su", "factor": 4}}).rope()
    assert (old.theta, old.kind, old.number("factor", 1.0), old.number("beta", 2.0)) == (5e5, "longrope", 4.0, 2.0)
    layers = {"full_attention": {"rope_theta": 1e6, "rope_type": "linear"}, "sliding_attention": {"rope_theta": 1e4}}
    new = Config({"rope_parameters": layers})
    assert (new.rope().theta, new.rope().kind, new.rope("sliding_attention").theta) == (1e6, "linear", 1e4)
    assert Config({}).rope().theta == 10_000.0
    with pytest.raises(ConversionError, match="rope_scaling must be text"):
        Config({"rope_scaling": {"type": 5}}).rope()
