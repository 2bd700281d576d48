"""Time to render the prompts of chats, in a template worker and without one, and to parse replies."""

import asyncio
import re
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median
from time import perf_counter

from bench.report import Row, at_most
from paddock.parsing.formats.chat_template import format_of_chat_template
from paddock.parsing.formats.go_template import format_of_go_template
from paddock.parsing.named import NAMED_PARSERS
from paddock.parsing.reply import ReplyParser, ReplyRequest, functions
from paddock.parsing.reply_format import ReplyFormat
from paddock.parsing.stream import StreamParser
from paddock.templates import Message
from paddock.templates.go.analysis import analyse
from paddock.templates.prompt_template import PromptTemplate
from paddock.workers.jobs import run
from paddock.workers.messages import RenderChat, TemplateSource
from paddock.workers.pool import WorkerPool

MESSAGES = 200
ROUNDS = 30
MAX_RENDER_MS = 5.0
"""Target for rendering a prompt, in milliseconds."""
SHORT = 20
"""Messages of the chat that is rendered in a worker."""
MAX_WORKER_MS = 1.0
"""Target for what a worker adds to rendering in a thread, in milliseconds."""
MAX_PARSE_US = 20.0
"""Target for parsing a token, in microseconds."""

GO_TEMPLATE = """{{- if or .System .Tools }}<|im_start|>system
{{ .System }}{{ range .Tools }}
{{ json . }}{{ end }}<|im_end|>
{{ end }}
{{- range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 -}}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ if .Content }}{{ .Content }}
{{- else if .ToolCalls }}<tool_call>
{{ range .ToolCalls }}{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}{{ end }}
</tool_call>
{{- end }}{{ if not $last }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}<|im_start|>user
<tool_response>
{{ .Content }}
</tool_response><|im_end|>
{{ end }}
{{- if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}
{{- end }}"""
JINJA = """{%- if messages[0].role == 'system' %}
    {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}
{%- set ns = namespace(last=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- if message.role == 'user' %}{%- set ns.last = messages|length - 1 - loop.index0 %}{%- break %}{%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == 'assistant' %}
        {%- set content = message.content.split('</think>')[-1].lstrip('\\n') %}
        {{- '<|im_start|>assistant\\n' + content }}
        {%- for call in message.tool_calls or [] %}
            {{- '<tool_call>\\n{"name": "' + call.function.name + '", "arguments": ' }}
            {{- call.function.arguments | tojson }}{{- '}\\n</tool_call>' }}
        {%- endfor %}
        {{- '<|im_end|>\\n' }}
    {%- elif not (message.role == 'system' and loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"""
CALL = {"function": {"name": "get_weather", "arguments": {"city": "Lisbon", "days": 3}}}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Get the weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["city"],
            },
        },
    }
]
TEXT = "The weather in Lisbon is < 20 degrees & sunny; {so} it goes on for a while, as it always has. "
REPLIES = {
    "qwen3": f'{TEXT * 8}<tool_call>\n{{"name": "get_weather", "arguments": {{"city": "{TEXT * 8}"}}}}\n</tool_call>',
    "qwen3.5": f"{TEXT * 4}</think>{TEXT * 4}<tool_call>\n<function=get_weather>\n<parameter=city>\n{TEXT * 8}\n"
    "</parameter>\n</function>\n</tool_call>",
    "harmony": f"<|channel|>analysis<|message|>{TEXT * 8}<|end|><|start|>assistant"
    f"<|channel|>final<|message|>{TEXT * 8}",
    "gemma4": f"<|channel>thought\n{TEXT * 8}<channel|>{TEXT * 4}<|tool_call>call:get_weather"
    f'{{city:<|"|>{TEXT * 4}<|"|>}}<tool_call|>',
    "cohere": f"{TEXT * 8}<|END_THINKING|><|START_TEXT|>{TEXT * 8}<|END_TEXT|>",
}


def measure() -> list[Row]:
    """Measure and return the rows of this scenario."""
    return [*_rendering(), *asyncio.run(_workers()), *_parsing()]


def conversation(messages: int = MESSAGES) -> list[Message]:
    """Return a chat such as agents have: questions, tool calls, results, answers."""
    kinds = (
        lambda i: Message("user", f"Question {i}: {TEXT}"),
        lambda i: Message("assistant", "", tool_calls=(CALL,)),
        lambda i: Message("tool", '{"degrees": 19}', tool_name="get_weather"),
        lambda i: Message("assistant", f"Answer {i}: {TEXT}"),
    )
    return [
        Message("system", "Be brief."),
        *(kinds[i % 4](i) for i in range(messages - 2)),
        Message("user", "And now?"),
    ]


def _rendering() -> Iterator[Row]:
    forms = {
        "Go template": PromptTemplate.from_model(GO_TEMPLATE),
        "renderer qwen3.5": PromptTemplate.from_model(None, renderer="qwen3.5"),
        "renderer gemma4": PromptTemplate.from_model(None, renderer="gemma4"),
        "chat template in Jinja": PromptTemplate.from_model(None, JINJA),
    }
    messages = conversation()
    for name, form in forms.items():
        seconds = [_timed(partial(form.chat, messages, TOOLS)) for _ in range(ROUNDS)]
        length = len(form.chat(messages, TOOLS))
        note = f"{length} characters; slowest {max(seconds) * 1e3:.1f} ms"
        yield at_most(f"{name}: a chat of {MESSAGES} messages", median(seconds) * 1e3, MAX_RENDER_MS, "ms", note)


async def _workers() -> list[Row]:
    """Compare rendering in a worker, as the server does it, with rendering in a thread of this process."""
    sources = {
        "Go template": TemplateSource(GO_TEMPLATE),
        "renderer qwen3.5": TemplateSource(renderer="qwen3.5"),
        "chat template in Jinja": TemplateSource(None, JINJA),
    }
    rows = []
    workers = WorkerPool()
    for name, source in sources.items():
        job = RenderChat(source, conversation(SHORT), TOOLS)
        there, here = [], []
        for _ in range(10 * ROUNDS):
            start = perf_counter()
            prompt = await workers.run(job, name)
            there.append(perf_counter() - start)
            start = perf_counter()
            assert await asyncio.to_thread(run, job) == prompt
            here.append(perf_counter() - start)
        more = 1e3 * (median(there) - median(here))
        note = f"{1e3 * median(there):.2f} ms for {1e3 * median(here):.2f} ms in a thread"
        rows.append(at_most(f"{name}: a chat of {SHORT} messages, what a worker adds", more, MAX_WORKER_MS, "ms", note))
    await workers.close()
    return rows


def _parsing() -> Iterator[Row]:
    shown = analyse(GO_TEMPLATE)
    formats: dict[str, ReplyFormat] = {name: NAMED_PARSERS[name].format for name in REPLIES}
    formats["by a Go template"] = format_of_go_template(
        GO_TEMPLATE, shown.thinking_tags, shown.tool_call_prefix, shown.call_texts
    )
    formats["by a chat template"] = format_of_chat_template(JINJA)
    request = ReplyRequest(functions(TOOLS), think=True)
    for name, reply_format in formats.items():
        assert reply_format.grammar is not None
        make = partial(StreamParser, reply_format.grammar, request)
        tokens = re.findall(r"<\|?[\w/]+\|?>| ?\w+|\s+|[^\w\s]", REPLIES.get(name, REPLIES["qwen3"]))
        costs = [_timed(partial(_parse, make(), tokens)) / len(tokens) for _ in range(ROUNDS)]
        yield at_most(f"parser {name}", median(costs) * 1e6, MAX_PARSE_US, "µs/token", f"{len(tokens)} tokens")


def _parse(parser: ReplyParser, tokens: list[str]) -> None:
    for token in tokens:
        parser.feed(token)
    parser.finish()


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start
