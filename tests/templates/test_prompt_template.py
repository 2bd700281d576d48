from typing import Any

import pytest

from paddock.templates import Message, TemplateError, TemplateFailed, TemplateSyntax, prepend_model_messages
from paddock.templates.prompt_template import PromptTemplate
from tests.templates.recorded import message, needs_fixtures, rows

STORIES = "{{ .Prompt }}"
FULL = "{{ .System }} {{ .Prompt }}"
FIM = "<PRE> {{ .Prompt }} <SUF>{{ .Suffix }} <MID>"
THINKER = (
    "{{ range .Messages }}<{{ .Role }}>{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}{{ end }}"
    "{{ if and $.IsThinkSet (not $.Think) }}<nothink>{{ end }}<assistant>"
)
TOOLS = (
    "{{- range .Tools }}[TOOL]{{ . }}{{ end }}{{ range .Messages }}<{{ .Role }}>{{ .Content }}{{ range .ToolCalls }}"
    '<tool_call>{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}</tool_call>{{ end }}{{ end }}'
    "<assistant>"
)
TEMPLATES = {
    "stories": STORIES,
    "mario": STORIES,
    "full": FULL,
    "fim": FIM,
    "thinker": THINKER,
    "tools": TOOLS,
    "bare": None,
}
SYSTEMS = {"full": "Be brief.", "mario": "You are Mario from Super Mario Bros."}
HISTORIES = {"full": [Message("user", "hi"), Message("assistant", "hello")]}
RECORDED = [
    row
    for row in rows("http/ollama.jsonl")
    if row.get("group") in ("generate", "chat")
    and "rendered_template" in str(row["response"])
    and row["name"] != "too long by messages"  # what does not fit is cut by the service
]


@needs_fixtures
@pytest.mark.parametrize("row", RECORDED, ids=lambda row: f"{row['group']} {row['name']}")
def test_a_request_renders_as_recorded(row: dict[str, Any]) -> None:
    request = row["request"]["json"]
    name = request["model"]
    format = PromptTemplate.from_model(request.get("template", TEMPLATES[name]))
    system = request.get("system", SYSTEMS.get(name, ""))
    history = HISTORIES.get(name, [])
    think = request.get("think")
    if row["group"] == "generate":
        prompt = format.generate(request["prompt"], system, request.get("suffix", ""), history, think)
    else:
        messages = prepend_model_messages([message(fields) for fields in request["messages"]], system, history)
        prompt = format.chat(messages, request.get("tools"), think)
    assert prompt == row["response"]["json"]["_debug_info"]["rendered_template"]


def test_all_recorded_cases_are_there() -> None:
    assert len(RECORDED) in (0, 14)


HI = [Message("user", "Hi")]


def test_the_models_own_template_comes_before_the_chat_template() -> None:
    assert PromptTemplate.from_model("go {{ .Prompt }}", "jinja").chat(HI) == "go Hi"


def test_an_empty_template_is_a_template() -> None:
    assert PromptTemplate.from_model("", "jinja").chat(HI) == ""


def test_the_chat_template_of_the_file_serves_chat_and_generate() -> None:
    format = PromptTemplate.from_model(
        None, "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}", "<s>"
    )
    assert format.chat(HI) == "<s><user>Hi"
    assert format.generate("Hi", "S", messages=[Message("assistant", "x")]) == "<s><system>S<assistant>x<user>Hi"


def test_without_any_template_a_chat_is_chatml_and_a_prompt_itself() -> None:
    format = PromptTemplate.from_model(None)
    assert format.chat([Message("system", "S"), *HI]) == (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"
    )
    assert format.generate("Once upon a time", "S") == "Once upon a time"


def test_a_suffix_needs_a_template_with_a_place_for_it() -> None:
    assert PromptTemplate.from_model(FIM).supports_suffix
    for format in (
        PromptTemplate.from_model(STORIES),
        PromptTemplate.from_model(None, "x"),
        PromptTemplate.from_model(None),
    ):
        assert not format.supports_suffix
        with pytest.raises(TemplateFailed, match="suffix"):
            format.generate("a", suffix="b")


def test_a_system_message_of_the_request_replaces_the_models_but_not_its_history() -> None:
    own = [Message("system", "mine"), *HI]
    history = [Message("user", "a"), Message("assistant", "b")]
    assert prepend_model_messages(own, "model's", history) == [*history, *own]
    assert prepend_model_messages(HI, "model's", history) == [Message("system", "model's"), *history, *HI]


def test_images_get_placeholders_in_the_prompt() -> None:
    assert PromptTemplate.from_model(STORIES).generate("Hi", images=("a", "b")) == "[img-0][img-1]Hi"


def test_a_bad_template_is_refused_when_the_format_is_made() -> None:
    with pytest.raises(TemplateSyntax, match=r"^template: :1: unclosed action$"):
        PromptTemplate.from_model("{{ .Prompt")


def test_a_models_renderer_comes_before_its_template() -> None:
    format = PromptTemplate.from_model("{{ .Prompt }}", renderer="qwen3-coder")
    assert format.chat(HI).startswith("<|im_start|>user\n")
    assert format.generate("Hi") == format.chat([Message("user", "Hi")])
    assert not format.supports_suffix


def test_a_renderer_that_does_not_exist_is_named() -> None:
    with pytest.raises(TemplateError, match="no-such"):
        PromptTemplate.from_model(None, renderer="no-such")
