import datetime
import json
import subprocess
import sys
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.templates import Message, TemplateError, TemplateFailed, TemplateSyntax
from paddock.templates.go.template import GoTemplate
from paddock.templates.placeholders import with_placeholders
from tests.templates.recorded import FIXTURES, exact_text, message, needs_fixtures, rows

SYSTEM = Message("system", "You are a helpful assistant.")
HELLO = Message("user", "Hello, how are you?")
GREAT = Message("assistant", "I'm doing great. How can I help you today?")
SHOW = Message("user", "I'd like to show off how chat templating works!")
CONVERSATIONS = {
    "user": [HELLO],
    "user-assistant-user": [HELLO, GREAT, SHOW],
    "system-user-assistant-user": [SYSTEM, HELLO, GREAT, SHOW],
}


def folders(name: str) -> list[str]:
    return sorted(path.name for path in (FIXTURES / name).glob("*")) if FIXTURES.is_dir() else []


def dated(text: str, recorded: str) -> str:
    then, now = datetime.date.fromisoformat(recorded), datetime.date.today()
    day = datetime.timedelta(days=1)
    return text.replace(str(then), str(now)).replace(str(then - day), str(now - day))


def expected(row: dict[str, Any]) -> str:
    return dated(row["prompt"], row["date"]) if "date" in row else str(row["prompt"])


def rendered(template: GoTemplate, row: dict[str, Any]) -> str:
    if row.get("of") == "generate":
        given = row["input"]
        if given.get("suffix"):
            return template.insert(given["prompt"], given["suffix"])
        system = [Message("system", given["system"])] if given.get("system") else []
        return template.render([*system, Message("user", given["prompt"])])
    messages = with_placeholders(message(fields) for fields in row["messages"])
    return template.render(messages, row.get("tools") or (), row.get("think"))


@needs_fixtures
@pytest.mark.parametrize("conversation", CONVERSATIONS)
@pytest.mark.parametrize("name", folders("go-templates"))
def test_a_template_in_use_renders_the_recorded_prompt(name: str, conversation: str) -> None:
    folder = FIXTURES / "go-templates" / name
    prompt = GoTemplate(exact_text(folder / "template.gotmpl")).render(CONVERSATIONS[conversation])
    if name == "mistral-instruct":
        prompt = prompt.removesuffix(" ")
    assert prompt == exact_text(folder / f"{conversation}.txt")


@needs_fixtures
@pytest.mark.parametrize("name", folders("tool-templates"))
def test_a_template_of_the_library_renders_all_recorded_prompts(name: str) -> None:
    template = GoTemplate(exact_text(FIXTURES / "tool-templates" / name / "template.gotmpl"))
    for row in rows(f"tool-templates/{name}/render.jsonl"):
        if "error" in row:
            with pytest.raises(TemplateFailed):
                rendered(template, row)
        else:
            assert rendered(template, row) == expected(row), row["name"]


@needs_fixtures
@pytest.mark.parametrize("name", folders("tool-templates"))
def test_the_variables_of_a_template_of_the_library_are_found(name: str) -> None:
    folder = FIXTURES / "tool-templates" / name
    facts = json.loads((folder / "facts.json").read_text("utf-8"))
    assert sorted(GoTemplate(exact_text(folder / "template.gotmpl")).variables) == sorted(facts["variables"])


@needs_fixtures
@pytest.mark.parametrize("row", list(rows("template-snippets/render.jsonl")), ids=lambda row: row["name"])
def test_a_snippet_renders_or_fails_as_recorded(row: dict[str, Any]) -> None:
    if row.get("stage") == "parse":
        with pytest.raises(TemplateSyntax) as error:
            GoTemplate(row["template"])
        assert str(error.value) == row["error"] or row["name"] == "error-recursive-template"
    elif "error" in row:
        with pytest.raises(TemplateFailed):
            rendered(GoTemplate(row["template"]), row)
    else:
        assert rendered(GoTemplate(row["template"]), row) == expected(row)


@needs_fixtures
@pytest.mark.parametrize("row", list(rows("template-snippets/infer.jsonl")), ids=lambda row: row["name"])
def test_the_variables_of_a_snippet_are_found(row: dict[str, Any]) -> None:
    assert sorted(GoTemplate(row["template"]).variables) == sorted(row["variables"])


@pytest.mark.parametrize(
    ("text", "prompt"),
    [
        ("{{ .Prompt }}", "hi"),
        ("{{ .System }}|{{ .Prompt }}:", "S|hi:"),
        ("a {{- .Prompt -}} b", "ahib"),
        ("{{.System}}{{ if .Prompt }}<{{ .Prompt }}>{{ end }}", "S<hi>"),
        ("{{ .Prompt }}{{ .Response }}<end>", "hi"),
        ("no variables ", "no variables "),
    ],
)
def test_one_turn_of_the_older_form_ends_where_the_response_begins(text: str, prompt: str) -> None:
    assert GoTemplate(text).render([Message("system", "S"), Message("user", "hi")]) == prompt


def test_an_unfinished_answer_stands_at_the_end_of_the_older_form() -> None:
    template = GoTemplate("{{ if .Prompt }}<u>{{ .Prompt }}</u>{{ end }}<a>{{ .Response }}</a>")
    assert template.render([Message("user", "u"), Message("assistant", "half")]) == "<u>u</u><a>half"


def test_text_behind_the_response_inside_blocks_is_cut_with_the_blocks_closed() -> None:
    template = GoTemplate("{{ if .Prompt }}{{ .Prompt }}{{ with .Prompt }}:{{ $.Response }}{{ end }}{{ end }}")
    assert template.render([Message("user", "u")]) == "u:"
    template = GoTemplate("{{ if .Prompt }}{{ .Prompt }}:{{ .Response }}</a>{{ else }}-{{ end }} tail")
    assert template.render([Message("user", "u")]) == "u:"


def test_a_template_defined_behind_the_response_is_still_known_before_it() -> None:
    template = GoTemplate('{{ template "u" . }}{{ .Response }} tail {{ define "u" }}<{{ .Prompt }}>{{ end }}')
    assert template.render([Message("user", "x")]) == "<x>"


def test_plain_variables_do_not_load_the_engine() -> None:
    code = """
import sys
from paddock.templates import Message
from paddock.templates.prompt_template import PromptTemplate
assert PromptTemplate.from_model("{{ .System }} {{- .Prompt }}").chat([Message("user", "x")]) == "x"
print([name for name in ("gotpl", "jinja2") if name in sys.modules])
"""
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{{ .Prompt", "template: :1: unclosed action"),
        ("a\nb {{ .Prompt", "template: :2: unclosed action"),
        ("{{ if .A }}", "template: :1: unexpected EOF"),
        ("{{ end }}", "template: :1: unexpected {{end}}"),
        ("{{ nope . }}", 'template: :1: function "nope" not defined'),
        ("{{ $x }}", 'template: :1: undefined variable "$x"'),
    ],
)
def test_a_syntax_error_is_worded_as_go_words_it(text: str, error: str) -> None:
    with pytest.raises(TemplateSyntax) as raised:
        GoTemplate(text)
    assert str(raised.value) == error


DOUBLING = '{{ $x := "aaaa" }}{{ range 64 }}{{ $x = print $x $x }}{{ end }}{{ .Prompt }}'
CALLS = (
    "".join(
        f'{{{{ define "{i}" }}}}{{{{ template "{i + 1}" . }}}}{{{{ template "{i + 1}" . }}}}{{{{ end }}}}'
        for i in range(60)
    )
    + '{{ define "60" }}{{ end }}{{ template "0" . }}{{ .Prompt }}'
)


@pytest.mark.thorough
@pytest.mark.parametrize(
    "text",
    [
        DOUBLING,
        CALLS,
        "{{ range 1000000000 }}{{ end }}{{ .Prompt }}",
        "{{ range 1000000000 }}text{{ end }}{{ .Prompt }}",
        "{{ range 400000 }}" + "{{ .A }}" * 10_000 + "{{ end }}{{ .Prompt }}",
        '{{ define "x" }}{{ template "x" . }}{{ end }}{{ template "x" . }}{{ .Prompt }}',
        '{{ printf "%999999999d" 1 }}{{ .Prompt }}',
        '{{ printf "%*d" 999999999 1 }}{{ .Prompt }}',
        '{{ printf "%.999999999f" 1.0 }}{{ .Prompt }}',
        "{{ .Prompt.__class__ }}",
        "{{ if .Prompt }}" + "{{ else if .Prompt }}" * 3000 + "{{ end }}",
        "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
        "x" * 1_000_000,
    ],
    ids=lambda text: text[:30],
)
def test_a_template_that_does_too_much_is_refused_soon(text: str) -> None:
    start = time.monotonic()
    with pytest.raises(TemplateError) as error:
        GoTemplate(text).render([Message("user", "x" * 1000)])
    assert time.monotonic() - start < 20
    assert "\n" not in str(error.value)


PIECES = [*"{}.|()$ -", "{{", "}}", "{{- ", " -}}", "range", "if", "else", "end", "with", "define", "template", "block"]
PIECES += [
    ".Messages",
    ".Prompt",
    ".Response",
    ".System",
    ".Content",
    "$x",
    ":=",
    '"a"',
    "'b'",
    "`c`",
    "1",
    "-1",
    "len",
]
PIECES += ["index", "slice", "printf", "json", "eq", "and", "/*", "*/", "\n", "break", "nil", "true", "é", "\\", "%s"]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map(" ".join) | st.text(max_size=40))
def test_any_text_renders_or_raises_our_own_error(text: str) -> None:
    messages = [Message("system", "s"), Message("user", "u"), Message("assistant", "a"), Message("user", "v")]
    try:
        prompt = GoTemplate("{{ " + text).render(messages) + GoTemplate(text).render(messages)
    except TemplateError as error:
        assert "\n" not in str(error)
    else:
        assert isinstance(prompt, str)


@given(st.text(), st.text(), st.text(), st.sampled_from(["", " ", "-", "\n"]))
def test_the_short_way_for_plain_variables_is_the_engines(before: str, prompt: str, after: str, space: str) -> None:
    dash_left, dash_right = ("- ", " -") if space == "-" else (space, space)
    text = f"{before}{{{{{dash_left}.Prompt{dash_right}}}}}{after}"
    user = [Message("user", prompt)]
    try:
        long = GoTemplate(text + "{{ if false }}{{ end }}{{ .Response }}").render(user)
    except TemplateError:
        with pytest.raises(TemplateError):
            GoTemplate(text)
    else:
        assert GoTemplate(text + "{{ .Response }}").render(user) == long
