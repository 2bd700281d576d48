import pytest

from paddock.templates import TemplateSyntax
from paddock.templates.go.program import MAX_EXPANDED, MAX_STEPS, compile_program


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("a\n{{ end }}", "template: :2: unexpected {{end}}"),
        ("{{ break }}", "template: :1: {{break}} outside {{range}}"),
        ("{{ nope }}", 'template: :1: function "nope" not defined'),
        ('{{ define "a" }}{{ template "a" . }}{{ end }}', 'template: :1: template "a" calls itself'),
    ],
)
def test_a_syntax_error_has_its_line_and_the_words_of_go(text: str, error: str) -> None:
    with pytest.raises(TemplateSyntax) as refused:
        compile_program(text)
    assert str(refused.value) == error


def test_templates_that_multiply_when_they_are_called_are_too_large() -> None:
    text = '{{ define "t0" }}x{{ end }}'
    for level in range(1, 20):
        text += f'{{{{ define "t{level}" }}}}' + f'{{{{ template "t{level - 1}" . }}}}' * 4 + "{{ end }}"
    with pytest.raises(TemplateSyntax, match=f"more than {MAX_EXPANDED} parts"):
        compile_program(text + '{{ template "t19" . }}')


def test_a_longer_body_leaves_fewer_passes() -> None:
    short, long = (compile_program("{{ range .L }}" + "{{ . }}" * count + "{{ end }}") for count in (1, 100))
    assert MAX_STEPS > short.max_passes > 10 * long.max_passes


def test_a_program_is_cut_behind_the_first_action_that_prints_a_field() -> None:
    program = compile_program("{{ if .Response }}<{{ .Response }}>{{ end }}!{{ .Response }}")
    values = {"Response": "é"}
    assert program.run(values) == "<é>!é"
    assert program.cut_after("Response").run(values) == "<é"


def test_a_program_that_does_not_print_the_field_stays_whole() -> None:
    program = compile_program("{{ if .Response }}a{{ end }}")
    assert program.cut_after("Response").run({"Response": "x"}) == "a"


def test_templates_defined_behind_the_cut_are_kept() -> None:
    text = '{{ template "t" . }}{{ .Response }} rest{{ define "t" }}[{{ . }}]{{ end }}'
    assert compile_program(text).cut_after("Response").run({"Response": "x"}).endswith("x")
