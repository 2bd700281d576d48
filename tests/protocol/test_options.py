import logging

import pytest

from paddock.library.options import InvalidOption
from paddock.options import NO_OPTIONS, Options
from paddock.protocol.options import MAX_NAMED_OPTIONS, read_client_options


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
    assert read_client_options({**values, "stop": ["x"], "seed": None}) == Options(
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
    assert read_client_options(None) is NO_OPTIONS
    assert read_client_options({}) is NO_OPTIONS


def test_unknown_options_are_logged_and_ignored(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "paddock"):
        assert read_client_options({f"odd{n}": n for n in range(MAX_NAMED_OPTIONS + 5)}) == NO_OPTIONS
    assert len(caplog.messages) == MAX_NAMED_OPTIONS + 1
    assert caplog.messages[0] == "option 'odd0' is unknown and ignored"
    assert caplog.messages[-1] == "5 more options are unknown and ignored"


def test_options_without_effect_are_accepted() -> None:
    assert read_client_options({"numa": True, "f16_kv": False}) == NO_OPTIONS


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(InvalidOption, match=r'^option "top_k" must be of type integer$'):
        read_client_options({"top_k": "many"})
