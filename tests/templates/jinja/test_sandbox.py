from datetime import datetime
from typing import Any

import pytest

from paddock.templates import TemplateFailed, TemplateRefused
from paddock.templates.jinja.sandbox import MAX_BITS, MAX_RANGE, compiled, names_read, run


def rendered(source: str, **values: Any) -> str:
    return run(compiled(source), values)


def test_a_template_that_does_not_parse_is_refused_with_its_line() -> None:
    with pytest.raises(TemplateFailed, match=r"^chat template: .* \(line 2\)$"):
        compiled("a\n{% endfor %}")


def test_a_templates_own_exception_is_a_refusal_and_no_other_is() -> None:
    with pytest.raises(TemplateRefused, match=r"^chat template: no system role$"):
        rendered("{{ raise_exception('no\n system role') }}")
    with pytest.raises(TemplateFailed) as failed:
        rendered("{{ x.y }}")
    assert not isinstance(failed.value, TemplateRefused)


def test_the_insides_of_python_cannot_be_reached_and_values_cannot_be_changed() -> None:
    for source in ("{{ x.__class__.__base__ }}", "{{ x.append(1) }}", "{{ x.append.__self__.y }}"):
        with pytest.raises(TemplateFailed):
            rendered(source, x=[1])


@pytest.mark.parametrize(
    ("source", "error"),
    [
        (f"{{{{ range({MAX_RANGE + 1}) }}}}", "range is longer"),
        ("{{ (2 ** 64) ** 65 }}", "number is too large"),
        ("{{ 2 ** 65 }}", "number is too large"),
        ("{{ '{:{}}'.format(1, 9) }}", "too wide"),
        ("{{ 'a'.expandtabs(9) }}", "not available"),
        ("{{ 'a'.ljust(10 * 10 ** 9) }}", "does too much"),
        ("{{ 'a' * (10 * 10 ** 9) }}", "does too much"),
        ("{{ strftime_now('%9999d') }}", "too wide"),
    ],
)
def test_what_would_be_too_large_is_refused_before_it_is_built(source: str, error: str) -> None:
    with pytest.raises(TemplateFailed, match=error):
        rendered(source)


def test_numbers_may_have_as_many_bits_as_the_limit_says() -> None:
    assert rendered("{{ x + 1 > x }}", x=2**MAX_BITS - 1) == "True"
    with pytest.raises(TemplateFailed, match="number is too large"):
        rendered("{{ x + 1 > x }}", x=2**MAX_BITS)


def test_each_rendering_has_limits_of_its_own() -> None:
    template = compiled("{% for i in range(n) %}{{ x }}{% endfor %}")
    values = {"x": "a" * 30_000, "n": 1000}
    assert len(run(template, values)) == len(run(template, values)) == 30_000_000


def test_the_tags_around_a_generation_leave_their_body_as_it_stands() -> None:
    assert rendered("a{% generation %}{{ x }}{% endgeneration %}b", x="-") == "a-b"


def test_loops_may_end_early_and_the_date_can_be_written() -> None:
    assert rendered("{% for i in range(9) %}{% if i == 2 %}{% break %}{% endif %}{{ i }}{% endfor %}") == "01"
    assert rendered("{{ strftime_now('%Y') }}") == str(datetime.now().year)


def test_names_are_those_that_the_code_reads() -> None:
    source = "text think {{ a.b['c'] }}{% set x = d %}{# e #}{{ f(g=h) }}"
    assert names_read(source) >= {"a", ".b", ".c", "d", "f", "h"}
    assert not names_read(source) & {"text", "think", "e", "x", "g"}
    assert names_read("{{ 'open") == frozenset()
