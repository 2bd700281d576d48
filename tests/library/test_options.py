import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.library.options import (
    MAX_NAMED_OPTIONS,
    OPTION_TYPES,
    InvalidOption,
    UnknownOption,
    check_option,
    check_options,
    parse_option,
    read_options,
)
from paddock.options import NO_OPTIONS, Options


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("top_k", "x", 'option "top_k" must be of type integer'),
        ("num_predict", True, 'option "num_predict" must be of type integer'),
        ("temperature", "hot", 'option "temperature" must be of type float32'),
        ("temperature", True, 'option "temperature" must be of type float32'),
        ("top_n_sigma", "wide", 'option "top_n_sigma" must be of type float32'),
        ("seed", float("inf"), 'option "seed" must be of type integer'),
        ("use_mmap", "yes", 'option "use_mmap" must be of type boolean'),
        ("use_mmap", 1, 'option "use_mmap" must be of type boolean'),
        ("stop", 5, 'option "stop" must be of type array'),
        ("stop", "x", 'option "stop" must be of type array'),
        ("stop", [1], 'option "stop" must be of an array of strings'),
        ("stop", ["a"] * 257, 'option "stop" must have at most 256 strings, with 65536 characters in all'),
        ("stop", ["a" * 40_000] * 2, 'option "stop" must have at most 256 strings, with 65536 characters in all'),
        ("nonsense", 1, "unknown parameter 'nonsense'"),
    ],
)
def test_a_value_of_another_type_is_refused(name: str, value: object, message: str) -> None:
    with pytest.raises(InvalidOption) as error:
        check_option(name, value)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("seed", 1.5, 1),
        ("seed", -7, -7),
        ("seed", 1e300, 2**63 - 1),
        ("temperature", 0, 0.0),
        ("use_mmap", None, None),
        ("top_k", None, None),
        ("stop", ["a", "b"], ["a", "b"]),
        ("stop", ["a" * 256] * 256, ["a" * 256] * 256),
        ("penalize_newline", False, False),
    ],
)
def test_a_value_gets_the_options_own_type(name: str, value: object, expected: object) -> None:
    checked = check_option(name, value)
    assert checked == expected
    assert type(checked) is type(expected)


def test_unknown_options_are_told_apart_from_wrong_ones() -> None:
    assert check_options({"top_k": 3.0, "no_such_option": 1, "seed": None}) == {"top_k": 3}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("temperature", "hot", "invalid float value [hot]"),
        ("temperature", "nan", "invalid float value [nan]"),
        ("temperature", "1e999", "invalid float value [1e999]"),
        ("top_n_sigma", "wide", "invalid float value [wide]"),
        ("top_k", "1.5", "invalid int value [1.5]"),
        ("top_k", "1_000", "invalid int value [1_000]"),
        ("top_k", "9223372036854775808", "invalid int value [9223372036854775808]"),
        ("use_mmap", "yes", "invalid bool value [yes]"),
        ("nonsense", "1", "unknown parameter 'nonsense'"),
    ],
)
def test_a_modelfile_value_that_cannot_be_is_refused(name: str, text: str, message: str) -> None:
    with pytest.raises(InvalidOption) as error:
        parse_option(name, text)
    assert str(error.value) == message


def test_modelfile_values_are_read_as_go_reads_them() -> None:
    assert parse_option("temperature", "-.5e1") == -5.0
    assert parse_option("top_k", "+12") == 12
    assert parse_option("top_n_sigma", "1.5") == 1.5
    assert parse_option("use_mmap", "T") is True
    assert parse_option("use_mmap", "0") is False
    assert parse_option("stop", "</s>") == ["</s>"]


@given(st.sampled_from([*OPTION_TYPES, "x"]), st.text(max_size=25) | st.from_regex(r"[-+0-9.eE_]{0,25}"))
def test_any_text_is_a_value_or_refused(name: str, text: str) -> None:
    try:
        value = parse_option(name, text)
    except InvalidOption as error:
        assert "\n" in text or "\n" not in str(error)
        return
    assert check_option(name, value) == value


def test_an_unknown_option_says_its_name() -> None:
    with pytest.raises(UnknownOption) as error:
        check_option("frob", 1)
    assert error.value.name == "frob"


def test_ollamas_names_become_those_of_the_field() -> None:
    values = {
        "num_ctx": 1,
        "num_predict": 2.9,
        "num_keep": 3,
        "num_batch": 4,
        "num_gpu": 5,
        "num_thread": 6,
        "top_k": 7,
    }
    assert read_options({**values, "stop": ["x"], "seed": None}) == Options(
        context_length=1,
        max_tokens=2,
        keep_tokens=3,
        batch_tokens=4,
        gpu_layers=5,
        threads=6,
        top_k=7,
        stop=("x",),
    )


def test_no_options_are_none_set() -> None:
    assert read_options({}) is NO_OPTIONS


def test_unknown_options_are_logged_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "paddock"):
        assert read_options({f"odd{n}": n for n in range(MAX_NAMED_OPTIONS + 5)}) == NO_OPTIONS
    assert len(caplog.messages) == MAX_NAMED_OPTIONS + 1
    assert caplog.messages[0] == "option 'odd0' is unknown and ignored"
    assert caplog.messages[-1] == "5 more options are unknown and ignored"


def test_options_without_effect_are_accepted() -> None:
    assert read_options({"numa": True, "f16_kv": False}) == NO_OPTIONS


def test_the_error_for_a_value_of_another_type_is_returned() -> None:
    error = read_options({"unknown": 1, "top_k": "many", "seed": 1})
    assert isinstance(error, InvalidOption)
    assert str(error) == 'option "top_k" must be of type integer'
