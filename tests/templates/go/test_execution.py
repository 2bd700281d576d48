from dataclasses import replace

import pytest

from paddock.templates import Message, TemplateFailed
from paddock.templates.go.execution import MAX_PROMPT, Frame, Run, one_line
from paddock.templates.go.program import compile_program


def test_a_value_is_charged_by_its_length_and_price_until_nothing_is_left() -> None:
    run = Run(str, 1)
    run.work = 100
    run.charge("abcd", 20)
    run.charge([1, 2], 10)
    run.charge(123456, 1000)
    assert run.work == 0
    with pytest.raises(TemplateFailed, match="builds too much text"):
        run.charge("a", 1)


def test_a_refusal_says_which_limit_was_exceeded() -> None:
    run = Run(str, 7)
    run.room = -3
    with pytest.raises(TemplateFailed, match=r"^iteration budget exceeded: limit 7, requested 8$"):
        run.refuse_pass()
    with pytest.raises(TemplateFailed, match=f"limit {MAX_PROMPT}, requested {MAX_PROMPT + 3}$"):
        run.refuse_output()
    with pytest.raises(TemplateFailed, match="function-call budget exceeded"):
        run.refuse_call()


def test_a_frame_begins_with_the_dot_as_its_first_variable() -> None:
    frame = Frame(Run(str, 1), "dot", 2)
    assert (frame.dot, frame.variables[0]) == ("dot", "dot")


def test_each_rendering_has_limits_of_its_own() -> None:
    program = replace(compile_program("{{ range .List }}{{ . }}{{ end }}"), max_passes=3)
    assert [program.run({"List": list("abc")}) for _ in range(2)] == ["abc", "abc"]
    with pytest.raises(TemplateFailed, match="iteration budget exceeded: limit 3"):
        program.run({"List": list("abcd")})


def test_messages_get_the_names_of_go() -> None:
    program = compile_program("{{ range .Messages }}{{ .Role }}: {{ .Content }}{{ end }}{{ json .Tools }}")
    assert program.run({"Messages": [Message("user", "Hi")], "Tools": []}) == "user: Hinull"


@pytest.mark.parametrize("text", ["{{ .A.B }}", "{{ index .List 5 }}", "{{ slice .A }}"])
def test_whatever_fails_is_our_own_error_in_one_line(text: str) -> None:
    with pytest.raises(TemplateFailed, match=r"\Atemplate: [^\n]+\Z"):
        compile_program(text).run({"A": 1, "List": []})


def test_an_error_is_one_line_of_limited_length() -> None:
    assert one_line("a\n b") == "a b"
    assert one_line("x" * 1000) == "x" * 500
    assert one_line(ValueError()) == "ValueError"
    assert one_line(RecursionError("at depth 1000")) == "nested too deeply"


@pytest.mark.parametrize(
    "function",
    [
        "f",
        {"name": "f", "parameters": "object"},
        {"name": "f", "parameters": {"required": 5}},
        {"name": "f", "parameters": {"properties": ["a"]}},
        {"name": "f", "parameters": {"properties": {"a": {"anyOf": 3}}}},
        {"name": "f", "parameters": {"properties": {"a": {"type": 5}}}},
    ],
)
def test_a_malformed_tool_is_our_own_error(function: object) -> None:
    data = {"Messages": [], "Tools": [{"type": "function", "function": function}]}
    with pytest.raises(TemplateFailed, match="template: the definition of a tool is malformed: "):
        compile_program("{{ .Tools }}").run(data)


def test_a_tool_nested_too_deeply_is_our_own_error() -> None:
    parameters: dict[str, object] = {}
    for _ in range(2000):
        parameters = {"properties": {"a": parameters}}
    with pytest.raises(TemplateFailed, match="nested too deeply"):
        compile_program("{{ .Tools }}").run({"Messages": [], "Tools": [{"function": {"parameters": parameters}}]})
