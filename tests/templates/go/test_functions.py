"""Ollama's functions of Go templates, and the limits on what the package's can build."""

from datetime import date, timedelta
from typing import Any

import pytest
from gotpl.runtime.values import INVALID

from paddock.templates import TemplateFailed
from paddock.templates.go.functions import FUNCTIONS
from paddock.templates.go.values import Arguments, GoNothing, ToolProperty, go_tools


def call(name: str, *values: Any) -> Any:
    return FUNCTIONS[name].call(*values)


def test_containers_of_our_own_are_indexed_and_sliced_as_lists_and_maps() -> None:
    tools = go_tools([{"function": {"name": name}} for name in "fg"])
    assert call("index", Arguments({"a": 1}), "a") == 1
    assert call("index", tools, 1) is tools[1]  # type: ignore[index]
    assert call("slice", tools, 1) == [tools[1]]  # type: ignore[index]
    assert call("slice", GoNothing()) == []


def test_a_slice_of_a_list_may_have_both_ends_and_must_be_within_it() -> None:
    assert (call("slice", ["a", "b", "c"], 1), call("slice", ["a", "b", "c"], 1, 2)) == (["b", "c"], ["b"])
    with pytest.raises(IndexError, match="out of bounds"):
        call("slice", ["a"], 2)


@pytest.mark.parametrize("arguments", [("%10000d", 1), ("%.99999f", 1.0), ("%*d", 10000, 1), ("%[1]*d", -10000)])
def test_printf_refuses_a_field_that_is_too_wide(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(TemplateFailed, match="too wide"):
        call("printf", *arguments)


def test_printf_takes_widths_below_the_limit_and_any_number_as_a_value() -> None:
    assert len(call("printf", "%9999d", 123456)) == 9999


def test_an_empty_list_and_a_missing_value_are_null_in_json() -> None:
    assert [call("json", value) for value in ([], INVALID, None, ["<"])] == ["null", "null", "null", '["\\u003c"]']


def test_yesterday_is_a_day_before_today() -> None:
    days = [date.fromisoformat(call(name)) for name in ("yesterdayDate", "currentDate")]
    assert days[1] - days[0] == timedelta(days=1)


def test_only_a_tools_property_has_a_type_in_type_script() -> None:
    assert call("toTypeScriptType", ToolProperty({"type": "integer"})) == "number"
    with pytest.raises(TemplateFailed, match="not a tool's property"):
        call("toTypeScriptType", {"type": "integer"})


def test_functions_cannot_be_called_through_values() -> None:
    assert "call" not in FUNCTIONS
