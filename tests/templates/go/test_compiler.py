import re
import time
from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings

from paddock.templates import Message, TemplateError, TemplateFailed
from paddock.templates.go.functions import FUNCTIONS
from paddock.templates.go.program import compile_program
from tests.examples import scaled

from .go_grammar import CALLS, TOOLS, data, templates
from .go_machine import rendered_by_the_machine

DATA: dict[str, Any] = {
    "Messages": [Message("user", "hi"), Message("assistant", "", tool_calls=CALLS), Message("tool", "19 < 20")],
    "Tools": TOOLS,
    "System": "s",
    "List": ["a", "b", "c"],
    "Map": {"a": 1, "b": {"c": 2}},
    "Empty": [],
    "Number": 7,
}


def both(text: str, values: dict[str, Any] = DATA) -> tuple[str, str]:
    """What a template gives compiled, and by the package's machine: a text or an error."""
    return outcome(lambda: compile_program(text).run(values)), outcome(lambda: rendered_by_the_machine(text, values))


def outcome(render: Callable[[], str]) -> str:
    try:
        return render()
    except TemplateError as error:
        return f"error: {error}"


@given(templates(), data)
@settings(max_examples=scaled(100), deadline=None)
def test_a_compiled_template_gives_what_the_packages_machine_gives(text: str, values: dict[str, Any]) -> None:
    compiled, interpreted = both(text, values)
    assert compiled == interpreted, text


ARGUMENTS = [".System", ".Missing", ".List", ".Tools", ".Messages", "nil", "1", "2.5", '"%d"', ".Map", "true"]


@pytest.mark.parametrize("name", sorted([*FUNCTIONS, "and", "or", "call"]))
def test_a_function_gives_and_refuses_what_the_packages_machine_does(name: str) -> None:
    calls = [name, *(f"{name} {one}" for one in ARGUMENTS), *(f"{one} | {name}" for one in ARGUMENTS)]
    calls += [f"{name} {one} {two}" for one, two in product(ARGUMENTS[:9], repeat=2)]
    for call in calls:
        compiled, interpreted = both(f"{{{{ {call} }}}}")
        assert re.sub("0x[0-9a-f]+", "", compiled) == re.sub("0x[0-9a-f]+", "", interpreted), call


@pytest.mark.parametrize(
    "text",
    [
        "{{ . | len }}",
        "{{ .System.upper }}",
        "{{ .System.Nope }}",
        "{{ .System._x }}",
        "{{ (index .Messages 0).Nope }}",
        "{{ (index .Messages 0).Role | len }}",
        "{{ .Missing.More.Yet }}",
        "{{ .Map.b.c }} {{ .Map.d }} {{ .Map }} {{ .Messages }}",
        "{{ nil }}",
        "{{ .System | .List }}",
        "{{ .Missing | .List }}",
        "{{ .System .List }}",
        "{{ 1 2 }}",
        "{{ print and }}",
        "{{ print currentDate }}",
        '{{ template "no" . }}',
        '{{ define "d" }}{{ $ }}{{ $ = 2 }}{{ $ }}{{ . }}{{ end }}{{ template "d" .Number }}{{ $.Number }}',
        "{{ $ := .Map }}{{ $.a }}",
        "{{ $ = .Map }}{{ if true }}{{ $.a }}{{ end }}",
        "{{ if $x := .Missing }}{{ else }}{{ $x }}{{ end }}",
        "{{ if .Missing }}{{ $x := 1 }}{{ else }}{{ $x }}{{ end }}",
        "{{ if .Missing }}{{ $x := 1 }}{{ else }}{{ $x = 1 }}{{ end }}",
        "{{ if .Missing }}{{ $x := 1 }}{{ else }}{{ range $x = .List }}{{ end }}{{ end }}",
        "{{ range $i, $e := .Empty }}{{ else }}{{ $e }}{{ end }}",
        "{{ $x := 0 }}{{ range $x = .List }}{{ end }}{{ $x }}",
        "{{ $x := 0 }}{{ $y := 0 }}{{ range $x, $y = .List }}{{ end }}{{ $x }}{{ $y }}",
        "{{ range $x, $x := .List }}{{ $x }}{{ end }}",
        "{{ range .System }}{{ end }}",
        "{{ range true }}{{ end }}",
        "{{ range $i, $j := 3 }}{{ end }}",
        "{{ range -1 }}x{{ else }}none{{ end }}",
        "{{ range .List }}{{ . }}{{ else }}none{{ end }}{{ range .Empty }}{{ else }}none{{ end }}",
        "{{ range .List }}{{ range $.Empty }}{{ else }}{{ break }}{{ end }}{{ . }}{{ end }}",
        "{{ range $k, $v := .Map }}{{ $k }}={{ $v }}{{ end }}{{ range .Map }}{{ . }}{{ end }}",
        "{{ range .Messages }}{{ range .ToolCalls }}{{ range $k, $v := .Function.Arguments }}{{ $k }}{{ $v }}{{ end }}"
        "{{ range .Function.Arguments }}{{ . }}{{ end }}{{ end }}{{ end }}",
        "{{ 0x1F }} {{ 0b11 }} {{ 017 }} {{ 1_000 }} {{ 'é' }} {{ 1i }} {{ 1e300 }} {{ -0.5 }} {{ 0x1p4 }}",
        "a\r\n{{- .System -}}\n b",
    ],
)
def test_odd_templates_give_what_the_packages_machine_gives(text: str) -> None:
    compiled, interpreted = both(text)
    assert compiled == interpreted


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("{{ $x := 1 }}{{ if true }}{{ $x := 2 }}{{ $x = 3 }}{{ $x }}{{ end }}{{ $x }}", "31"),
        ("{{ $x := 0 }}{{ range .List }}{{ $x }}{{ $x := . }}{{ $x }}{{ end }}{{ $x }}", "0a0b0c0"),
        ("{{ $x := 1 }}{{ range $x := .List }}{{ if true }}{{ break }}{{ end }}{{ end }}{{ $x }}", "1"),
        ("{{ $x := 1 }}{{ range .List }}{{ if true }}{{ $x := . }}{{ continue }}{{ end }}{{ end }}{{ $x }}", "1"),
        (
            "{{ with 1 }}{{ range $.List }}{{ with 5 }}{{ break }}{{ end }}{{ end }}{{ . }}{{ end }}{{ .Number }}",
            "17",
        ),
        ("{{ range .List }}{{ with 5 }}{{ continue }}{{ end }}{{ end }}{{ .Number }}", "7"),
    ],
)
def test_a_jump_leaves_variables_and_the_dot_as_go_leaves_them(text: str, prompt: str) -> None:
    assert compile_program(text).run(DATA) == prompt


def test_a_loop_over_a_huge_number_is_refused_before_it_begins() -> None:
    start = time.process_time()
    with pytest.raises(TemplateFailed, match="iteration budget exceeded: limit 2000000, requested 2000001"):
        compile_program("{{ range 1000000000 }}x{{ end }}").run({})
    assert time.process_time() - start < 0.5


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ range 1000000000 }}{{ if false }}{{ break }}{{ end }}{{ end }}", "iteration budget"),
        ("{{ range 3000 }}{{ range 3000 }}x{{ end }}{{ end }}", "iteration budget"),
        ("{{ range 1000000 }}{{ print }}{{ end }}", "function-call budget exceeded: limit 500000, requested 500001"),
        ('{{ $x := printf "%9999d" 1 }}{{ range 100000 }}{{ $x }}{{ end }}', "output character budget exceeded"),
        ("{{ range 100000 }}{{ len $.System }}{{ end }}", "the template builds too much text"),
    ],
)
def test_a_rendering_ends_where_its_limits_end(text: str, error: str) -> None:
    start = time.process_time()
    with pytest.raises(TemplateFailed, match=error):
        compile_program(text).run({"System": "x" * 10_000})
    assert time.process_time() - start < 10


def test_a_loop_that_ends_early_may_name_any_number() -> None:
    assert compile_program("{{ range 1000000000 }}{{ . }}{{ if eq . 2 }}{{ break }}{{ end }}{{ end }}").run({}) == "012"
    text = "{{ range 1000000000 }}{{ . }}{{ range $.L }}{{ else }}{{ if true }}{{ break }}{{ end }}{{ end }}{{ end }}"
    assert compile_program(text).run({"L": []}) == "0"


def test_blocks_that_call_one_another_without_end_are_refused_when_parsed() -> None:
    doubling = "".join(
        f'{{{{ define "{i}" }}}}' + f'{{{{ block "{i + 1}" . }}}}{{{{ end }}}}' * 2 + "{{ end }}" for i in range(60)
    )
    with pytest.raises(TemplateError, match="too large"):
        compile_program(doubling + '{{ define "60" }}x{{ end }}{{ template "0" . }}')
    with pytest.raises(TemplateError, match="calls itself"):
        compile_program('{{ define "a" }}{{ block "a" . }}{{ end }}x{{ end }}{{ template "a" . }}')
