"""Strings in a format that has a pattern of our own are what clients can parse."""

import json
import re
from datetime import date, datetime
from typing import Any

import pytest

from paddock.engine.constraints import BadConstraint
from paddock.engine.constraints.schema import prepare
from paddock.engine.constraints.string_formats import FORMAT_PATTERNS
from tests.engine.constraints.writer import Writer, json_schema


def test_dates_are_those_of_the_calendar(writer: Writer) -> None:
    for seed in range(20):
        date.fromisoformat(json.loads(writer.write(json_schema({"type": "string", "format": "date"}), seed)))


@pytest.mark.parametrize("year", [4, 100, 1900, 2000, 2023, 2024])
def test_the_29th_of_february_is_a_date_in_leap_years_only(year: int) -> None:
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    assert bool(re.fullmatch(FORMAT_PATTERNS["date"], f"{year:04}-02-29")) == leap


def test_moments_have_a_zone_and_can_be_parsed(writer: Writer) -> None:
    schema = json_schema({"type": "string", "format": "date-time"})
    writer.check(schema, ['"2024-02-29T23:59:59.5Z"', '"0001-01-01T00:00:00+14:00"'], ['"2024-02-29"', '"24:00:00Z"'])
    for seed in range(5):
        datetime.fromisoformat(json.loads(writer.write(schema, seed)))


def test_formats_of_other_types_and_descriptive_ones_exclude_nothing(writer: Writer) -> None:
    writer.check(json_schema({"type": "integer", "format": "int64"}), ["5"], ['"x"'])
    writer.check(json_schema({"type": "string", "format": "password"}), ['"x"'], ["5"])


@pytest.mark.parametrize("schema", [{"type": "string", "format": "regex"}, {"format": "iri"}])
def test_an_unknown_format_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(BadConstraint, match=f"\"format\" at #: '{schema['format']}' cannot be enforced"):
        prepare(schema)
