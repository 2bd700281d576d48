"""What models can do that bring nothing but a chat template in their GGUF file, and what they refuse."""

from collections.abc import Iterator
from typing import Any

import pytest

from paddock.templates.jinja.chat_template import ChatTemplate
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest
from tests.templates.conversations import TEMPLATES

TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
CAPABILITIES = {
    "chatml": ["completion"],
    "llama2": ["completion"],
    "llama3_tools": ["completion", "tools"],
    "mistral": ["completion", "tools"],
    "qwen_thinking": ["completion", "tools", "thinking"],
    "deepseek": ["completion", "thinking"],
    "granite": ["completion", "tools", "thinking"],
    "effort": ["completion", "thinking"],
}


@pytest.fixture(scope="module")
def jinja(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    folder = tmp_path_factory.mktemp("capabilities")
    with ServerUnderTest(folder / "server") as server:
        for name in CAPABILITIES:
            metadata: dict[str, Any] = {"tokenizer.ggml.add_bos_token": True}
            file = tiny_llama(folder / f"{name}.gguf", chat_template=TEMPLATES[name], metadata=metadata)
            server.import_gguf(name, file)
        yield server


@pytest.mark.parametrize("name", CAPABILITIES)
def test_capabilities_are_found_in_the_chat_template(jinja: ServerUnderTest, name: str) -> None:
    assert jinja.post("/api/show", {"model": name}).json["capabilities"] == CAPABILITIES[name]


def test_what_the_template_has_no_place_for_is_refused(jinja: ServerUnderTest) -> None:
    tools = jinja.chat("chatml", ("user", "Hi"), tools=[TOOL])
    assert (tools.status, "does not support tools" in tools.error) == (400, True)
    thinking = jinja.chat("chatml", ("user", "Hi"), think=True)
    assert (thinking.status, thinking.error) == (400, '"chatml" does not support thinking')


def test_what_it_has_a_place_for_is_written(jinja: ServerUnderTest) -> None:
    def prompt(**fields: Any) -> str:
        answer = jinja.chat("qwen_thinking", ("user", "Hi"), _debug_render_only=True, **fields)
        return str(answer.json["_debug_info"]["rendered_template"])

    assert '"name": "f"' in prompt(tools=[TOOL])
    assert prompt(think=False).endswith("<think>\n\n</think>\n\n")
    assert "<think>" not in prompt(think=True)


def test_a_call_can_be_required_in_the_format_of_a_chat_template(jinja: ServerUnderTest) -> None:
    for name in ("llama3_tools", "mistral", "qwen_thinking", "granite"):
        fields = {"tools": [TOOL], "tool_choice": "required", "think": False, "options": {"num_predict": 400}}
        if name in ("llama3_tools", "mistral"):
            del fields["think"]
        message = jinja.chat(name, ("user", "Hi"), **fields).json["message"]
        assert [call["function"]["name"] for call in message["tool_calls"]] == ["f"], name
        assert message["content"] == ""


def test_the_beginning_of_a_sequence_is_never_written_twice(jinja: ServerUnderTest) -> None:
    def tokens(path: str, **fields: Any) -> int:
        body = {"model": "llama2", "stream": False, "options": {"num_predict": 1}, **fields}
        return int(jinja.post(path, body).json["prompt_eval_count"])

    shown = jinja.chat("llama2", ("user", "a"), _debug_render_only=True).json["_debug_info"]["rendered_template"]
    assert not shown.startswith("<s>")
    written = tokens("/api/generate", prompt=shown, raw=True)
    assert tokens("/api/chat", messages=[{"role": "user", "content": "a"}]) == written


@pytest.mark.parametrize(
    ("source", "tools", "thinking"),
    [
        ("You have no tools and no thinking. {{ messages }}", False, False),
        ("{{ 'tools thinking enable_thinking' }}{{ ns.tools }}{{ ns.thinking_budget }}", False, False),
        ("{% set tools = [] %}{{ namespace(thinking=1) }}", False, False),
        ("{%- if tools is not none %}{% endif %}", True, False),
        ("{%- set tools = custom_tools %}", True, False),
        ("{{ x if not enable_thinking }}", False, True),
        ("{% for m in messages %}{{ m['reasoning_content'] }}{% endfor %}", False, True),
        ("{{ reasoning_effort | default('low') }}", False, True),
        ("{% if '%}' in tools %}{% endif %}", True, False),
    ],
)
def test_only_what_the_code_reads_counts(source: str, tools: bool, thinking: bool) -> None:
    template = ChatTemplate(source)
    assert (template.mentions_tools, template.mentions_thinking) == (tools, thinking)


def test_long_text_that_looks_like_code_is_looked_through_at_once() -> None:
    for source in ("{{" * 50_000, "{% '" * 50_000, '{{ "' + "a" * 200_000, "{{ x = " * 30_000):
        assert not ChatTemplate(source).mentions_tools
