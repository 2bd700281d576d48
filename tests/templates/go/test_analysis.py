import json
import time
from pathlib import Path

import pytest

from paddock.templates.go.analysis import MAX_TEMPLATE_LENGTH, TemplateAnalysis, analyse
from tests.templates.recorded import FIXTURES, exact_text, needs_fixtures, rows


@needs_fixtures
@pytest.mark.parametrize("path", sorted(FIXTURES.glob("tool-templates/*")), ids=lambda path: path.name)
def test_a_recorded_template_is_analysed_as_ollama_does(path: Path) -> None:
    facts = json.loads((path / "facts.json").read_text("utf-8"))
    shown = analyse(exact_text(path / "template.gotmpl"))
    assert list(shown.thinking_tags) == facts["thinking_tags"]
    assert (shown.tool_call_prefix or "{") == facts["tool_call_tag"]
    assert shown.variables | {"response"} == {*facts["variables"], "response"}


@needs_fixtures
def test_recorded_snippets_are_analysed_as_ollama_does() -> None:
    for row in rows("template-snippets/infer.jsonl"):
        shown = analyse(row["template"])
        inferred = list(shown.thinking_tags), shown.tool_call_prefix or "{"
        assert inferred == (row["thinking_tags"], row["tool_call_tag"]), row["name"]
        assert shown.variables | {"response"} == {*row["variables"], "response"}, row["name"]


def test_comments_trimmed_spaces_and_strings_with_braces_do_not_disturb_the_tags() -> None:
    shown = analyse(
        '{{- /* }} .ToolCalls */ -}} {{ define "x" }}{{ if .ToolCalls }}<no>{{ end }}{{ end }}'
        '{{ range .Messages }}{{ if eq .Content "}} .ToolCalls" }}<no>{{ end }}'
        "{{ if .Thinking -}}\n <t> {{- .Thinking -}} </t> \n{{- end }}"
        "{{ if false }}{{ else if .ToolCalls }}{{ `}}` }}<call>{{ end }}{{ end }}"
    )
    assert (shown.thinking_tags, shown.tool_call_prefix) == (("<t>", "</t>"), "<call>")


@pytest.mark.parametrize(
    ("template", "variables"),
    [
        ("{{ $x := .System }}{{ .Prompt }}", {"system", "prompt"}),
        ("{{ range $i, $m := .Messages }}{{ $m.Role }}{{ end }}", {"messages", "$m", "role"}),
        ('{{ if eq .Role ".Tools" }}{{ end }}{{/* .Suffix */}} .Think', {"role"}),
        ("{{ (index .Messages 0).Role }}{{ eq 1.5 (len .List) }}", {"list"}),
        ("{{ print (index (index .A 0).B 0).C (index (.D) 0).E }}", {"d", "e"}),
        ("{{ ((index .A 0).B).C }}{{ ((len .D) .E).F }}{{ ).G (.H }}", {"d", "e", "f", "g", "h"}),
        ("{{ print '\"' .System '\"' '.' .Prompt '`' .Suffix '`' }}", {"system", "prompt", "suffix"}),
    ],
)
def test_variables_are_those_that_are_used(template: str, variables: set[str]) -> None:
    assert analyse(template).variables == variables


def test_the_texts_around_name_and_arguments_of_a_call_are_found() -> None:
    loop = '{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}'
    shown = analyse(f"{{{{ range .Messages }}}}{{{{ if .ToolCalls }}}}<c>{loop}</c>{{{{ end }}}}{{{{ end }}}}")
    assert shown.call_texts == ('<c>{"name": "', '", "arguments": ', "}</c>")
    assert analyse("{{ if .ToolCalls }}{{ .ToolCalls }}{{ end }}").call_texts is None


def test_a_template_nested_too_deeply_shows_only_its_variables() -> None:
    template = "{{ if .A }}" * 2000 + "{{ end }}" * 2000
    assert analyse(template) == TemplateAnalysis(frozenset({"a"}))


@pytest.mark.parametrize(
    "action",
    [
        "if " + "(" * 60_000 + ".A" + ")" * 60_000,
        "(" * 30_000 + ".A" + ").B" * 30_000,
        "'" + '\\"' * 60_000 + "'",
    ],
    ids=["parentheses", "fields", "quotes"],
)
def test_an_action_is_analysed_in_time_that_grows_with_its_length(action: str) -> None:
    start = time.monotonic()
    analyse(f"{{{{ {action} }}}}")
    assert time.monotonic() - start < 10


def test_a_template_that_is_too_long_shows_nothing() -> None:
    assert analyse("{{ .Tools }}" + " " * MAX_TEMPLATE_LENGTH) == TemplateAnalysis()
