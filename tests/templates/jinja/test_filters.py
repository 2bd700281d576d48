from typing import Any

import pytest

from paddock.templates import TemplateFailed
from paddock.templates.jinja.limits import MAX_WORK
from paddock.templates.jinja.sandbox import compiled, run

LONG = "a" * 20_000


def rendered(source: str, **values: Any) -> str:
    return run(compiled(source), values)


def test_json_has_its_characters_as_they_are() -> None:
    assert rendered("{{ x|tojson }}", x={"b": "<é>", "a": None}) == '{"b": "<é>", "a": null}'
    assert rendered("{{ x|tojson(sort_keys=true, separators=(',', ':')) }}", x={"b": 1, "a": 2}) == '{"a":2,"b":1}'
    assert rendered("{{ x|tojson(indent=1) }}", x=[1]) == "[\n 1\n]"


@pytest.mark.parametrize("indent", ["indent=33", "indent='" + " " * 33 + "'", "false, 33"])
def test_json_is_not_indented_without_limit(indent: str) -> None:
    with pytest.raises(TemplateFailed, match="indents too far"):
        rendered(f"{{{{ [1]|tojson({indent}) }}}}")


def test_filters_of_every_kind_get_what_jinja_hands_them() -> None:
    assert rendered("{{ x|map('upper')|join('-') }}", x=["a", "b"]) == "A-B"
    assert rendered("{{ x|trim|replace('a', 'b') }}{{ x|length }}", x=" a ") == "b3"
    assert rendered("{{ x|selectattr('a', 'equalto', 1)|list|length }}", x=[{"a": 1}, {"a": 2}]) == "1"


@pytest.mark.parametrize("source", ["{{ x|center(9) }}", "{{ x|wordwrap }}", "{{ [x]|batch(2) }}", "{{ x|urlize }}"])
def test_filters_that_would_need_limits_of_their_own_are_unknown(source: str) -> None:
    with pytest.raises(TemplateFailed, match="No filter named"):
        rendered(source, x="a")


@pytest.mark.parametrize(
    "source",
    [
        "{{ x|replace('a', x) }}",
        "{{ range(20000)|list|join(x) }}",
        "{{ x|replace('a', '\n')|indent(20000) }}",
    ],
)
def test_what_a_filter_would_build_is_refused_before_it_is_built(source: str) -> None:
    assert len(LONG) ** 2 > MAX_WORK
    with pytest.raises(TemplateFailed, match="does too much"):
        rendered(source, x=LONG)


def test_a_format_with_a_wide_field_is_refused() -> None:
    assert rendered("{{ '%5d'|format(1) }}") == "    1"
    with pytest.raises(TemplateFailed, match="too wide"):
        rendered("{{ '%10000d'|format(1) }}")
