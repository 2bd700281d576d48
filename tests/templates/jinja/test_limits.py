import pytest

from paddock.templates import TemplateFailed
from paddock.templates.jinja.limits import MAX_WORK, STEP, WIDE_FIELD, Meter, check_printf, check_replace


def spent(meter: Meter) -> int:
    return MAX_WORK - meter.left


def test_all_of_the_work_may_be_spent_and_no_more() -> None:
    meter = Meter()
    meter.spend(MAX_WORK)
    with pytest.raises(TemplateFailed, match="does too much"):
        meter.spend(1)


def test_a_text_costs_its_length_and_a_number_only_a_step() -> None:
    meter = Meter()
    meter.read("abc")
    meter.read(10**100)
    meter.read([["a" * 1000]])
    assert spent(meter) == 3 * STEP + 3 + 1


def test_everything_in_a_value_is_read_at_every_depth() -> None:
    meter = Meter()
    meter.read_all({"key": ["abc", ("de",)]})
    assert spent(meter) == 5 * STEP + 1 + 2 + 3 + 1 + 2


def test_a_replacement_is_charged_by_what_it_may_build() -> None:
    meter = Meter()
    check_replace(meter, "aab", "a", "x" * 10)
    assert spent(meter) == 2 * 10 + 3


@pytest.mark.parametrize("text", ["%10000d", "%-*s", "%(name)010000d", "%.99999f"])
def test_a_width_that_is_too_great_or_not_known_is_refused(text: str) -> None:
    with pytest.raises(TemplateFailed, match="too wide"):
        check_printf(text, ())


@pytest.mark.parametrize("text", ["%9999d", "10000%", "%(name)s", "%s 12345"])
def test_other_formats_are_allowed(text: str) -> None:
    check_printf(text, ())


def test_a_field_of_a_format_is_wide_if_its_width_is_great_or_a_field() -> None:
    assert all(WIDE_FIELD.search(text) for text in ("{:10000}", "{0:{1}}", "{a:>99999}"))
    assert not any(WIDE_FIELD.search(text) for text in ("{:9999}", "{} 12345 {}", "{a}"))
