"""Chat templates, in Go's language and in Jinja: changed ones of real models, and such that never end."""

import random
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.models.llama import tiny_llama

from paddock.library.store.bundle import BUNDLED_MODELS
from tools.fuzz.case import Verdict
from tools.fuzz.gguf_parts import STRING, take_apart
from tools.fuzz.judge import judged
from tools.fuzz.rendering import Rendering
from tools.fuzz.target import Target
from tools.fuzz.values import TEXTS, changed_text

SHARED = Path(__file__).parents[3] / "shared" / "fixtures"
RENDERERS = Path(__file__).parents[2] / "src" / "paddock" / "templates" / "renderers" / "templates"
SERVED_JINJA = 0.04
"""Share of the Jinja cases that go through a server, where a runner has to load the model before a chat is rendered."""

GO_PIECES = (
    "{{ .Prompt }}", "{{ .System }}", "{{ range .Messages }}", "{{ end }}", "{{ if .Tools }}", "{{ else }}",
    "{{ range $i, $m := .Messages }}", "{{ $x := 1 }}", "{{ len .Messages }}", "{{ index .Messages 9 }}",
    '{{ printf "%999999d" 1 }}', '{{ printf "%s" . }}', "{{ json . }}", "{{ slice .Prompt 0 5 }}", "{{ .Nope }}",
    "{{ template \"x\" }}", '{{ define "x" }}{{ template "x" . }}{{ end }}', "{{ block \"x\" . }}", "{{ break }}",
    "{{ range .Messages }}{{ range $.Messages }}{{ range $.Messages }}x{{ end }}{{ end }}{{ end }}", "{{ '",
    "{{- /* ", "*/ -}}", "{{ html .Prompt | js | urlquery }}", "{{ (index .Messages 0).Content }}",
    "{{ call .Prompt }}",
    "{{ 9223372036854775808 }}", "{{ 1e999 }}", "{{ `", "{{ range 1000000000 }}x{{ end }}", "{{ with $ }}",
    "{{ eq 1 }}",
)  # fmt: skip
"""Pieces of Go templates, sound and not."""
JINJA_PIECES = (
    "{% for m in messages %}", "{% endfor %}", "{{ m.content }}", "{% if tools %}", "{% else %}", "{% endif %}",
    "{% set x = 1 %}", "{% set ns = namespace(a=0) %}", "{{ messages[0]['role'] }}", "{{ raise_exception('no') }}",
    "{{ 5|round(-10000000) }}", "{{ (1).to_bytes(3000000000,'big') }}", "{{ 'a' * 999999999 }}", "{{ 9**9**9 }}",
    "{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "{% for i in range(999999999) %}x{% endfor %}",
    "{{ messages|tojson(indent=100000) }}", "{{ x.__class__.__mro__ }}", "{{ ''.join(messages) }}", "{{ self }}",
    "{{ messages|map(attribute='content')|join(',')|upper|title|indent(999999) }}", "{{ '%999999999d' % 1 }}",
    "{{ '{:>999999999}'.format(1) }}", "{{ strftime_now('%Y' * 9999) }}", "{{ [messages]*9999999 }}", "{{ '", "{%",
    "{#",
    "{% include 'x' %}", "{% import 'x' as y %}", "{% extends 'x' %}", "{% raw %}", "{{ messages[999].content }}",
    "{{ ((((((((((1)))))))))) }}", "{{ cycler() }}", "{{ lipsum(n=9999) }}", "{{ dict(**messages[0]) }}",
    "{{ messages|batch(99999999)|list }}", "{{ 'a'|center(999999999) }}", "{{ 'aaaa'|replace('', 'b' * 99999) }}",
    "{{ messages|sort(attribute='content')|first }}", "{{ 10**4000 }}", "{{ 'x'.encode('idna') }}", "{{ 1/0 }}",
)  # fmt: skip
"""Pieces of Jinja templates, sound and not."""
TOKEN = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}|[^{]+|\{", re.S)
"""What a template is made of: tags, and the text between them."""
MESSAGES: list[dict[str, Any]] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "What is the weather in Käse-Stadt? 💡"},
    {"role": "assistant", "content": "", "tool_calls": [{"function": {"name": "weather", "arguments": {"city": "X"}}}]},
    {"role": "tool", "content": "rain", "tool_name": "weather"},
    {"role": "user", "content": "{{ .Prompt }} {% for %}"},
]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Says how the weather is",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


class TemplateFuzzer:
    """Sends templates in requests, as layers, and within GGUF files."""

    def __init__(self, target: Target, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._target = target
        self._rendering = Rendering()
        self._go, self._jinja = go_templates(), jinja_templates()
        self._file = take_apart(
            tiny_llama(folder / "template.gguf", chat_template="{{ 1 }}", width=32, layers=1).read_bytes()
        )

    def close(self) -> None:
        """End the workers that render."""
        self._rendering.close()

    def attack(self, dice: random.Random) -> Verdict:
        """Render a changed template."""
        how = dice.randrange(10)
        if how < 4:
            template = changed_template(dice.choice(self._jinja), JINJA_PIECES, dice)
            if dice.random() < SERVED_JINJA:
                return self.jinja(template)
            outcome, wrong = self._rendering.render(template, MESSAGES, [TOOL])
            return Verdict(outcome, wrong, template.encode("utf-8", "replace"))
        template = changed_template(dice.choice(self._go), GO_PIECES, dice)
        return self.go_request(template) if how < 7 else self.go_layer(template)

    def go_request(self, template: str) -> Verdict:
        """Render a Go template that comes with a request."""
        body = {"model": "beside", "prompt": "hi", "system": "s", "template": template, "_debug_render_only": True}
        answer = self._target.server.post("/api/generate", {**body, "stream": False})
        error, wrong = judged(answer, self._target.secrets, own=template)
        return Verdict("go: refused" if error else "go: rendered", wrong, template.encode("utf-8", "replace"))

    def go_layer(self, template: str) -> Verdict:
        """Create a model with a Go template, show it, and render a chat with it."""
        server, data = self._target.server, template.encode("utf-8", "replace")
        name = self._target.new_name()
        made = server.create(name, **{"from": "beside"}, template=template)
        error, wrong = judged(made, self._target.secrets, own=template)
        if error or wrong:
            return Verdict("go layer: refused", wrong, data)
        try:
            return self._show_and_chat(name, template, "go layer")
        finally:
            server.request("DELETE", "/api/delete", {"model": name})

    def jinja(self, template: str) -> Verdict:
        """Create a model whose GGUF has a Jinja template, show it, and render a chat with it."""
        server = self._target.server
        encoded = template.encode("utf-8", "replace")
        keys = [
            (name, kind, len(encoded).to_bytes(8, "little") + encoded if name == "tokenizer.chat_template" else value)
            for name, kind, value in self._file.keys
        ]
        assert ("tokenizer.chat_template", STRING) in [(name, kind) for name, kind, _ in keys]
        data = type(self._file)(keys, self._file.tensors, self._file.data).build()
        name = self._target.new_name()
        made = server.create(name, files={"m.gguf": server.upload(data)})
        error, wrong = judged(made, self._target.secrets, own=template)
        if error or wrong:
            return Verdict("jinja: refused", wrong, encoded)
        try:
            return self._show_and_chat(name, template, "jinja")
        finally:
            server.request("DELETE", "/api/delete", {"model": name})

    def _show_and_chat(self, name: str, template: str, kind: str) -> Verdict:
        server, data = self._target.server, template.encode("utf-8", "replace")
        error, wrong = judged(server.post("/api/show", {"model": name}), self._target.secrets, own=template)
        if error or wrong:
            return Verdict(f"{kind}: not shown", f"show: {wrong or error}", data)
        body = {"model": name, "messages": MESSAGES, "_debug_render_only": True, "stream": False}
        errors = []
        for fields in ({}, {"tools": [TOOL]}, {"think": True}):
            error, wrong = judged(server.post("/api/chat", body | fields), self._target.secrets, own=template)
            if wrong:
                return Verdict(f"{kind}: chat", f"chat: {wrong}", data)
            errors.append(error)
        return Verdict(f"{kind}: chat refused" if errors[0] else f"{kind}: rendered")


def changed_template(template: str, pieces: Sequence[str], dice: random.Random) -> str:
    """Return a template with some of its tags moved, repeated, left out, changed, or others in between."""
    parts = TOKEN.findall(template) or [""]
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        place = dice.randrange(len(parts))
        how = dice.randrange(8)
        if how == 0 and len(parts) > 1:
            del parts[place]
        elif how == 1:
            parts.insert(place, dice.choice(pieces))
        elif how == 2:
            parts.insert(place, dice.choice(parts))
        elif how == 3:
            parts[place] = changed_text(parts[place], dice)
        elif how == 4:
            parts[place:place] = [dice.choice(pieces)] * dice.choice((2, 30, 3000))
        elif how == 5:
            parts[place : place + 1] = [parts[place]] * dice.choice((2, 50))
        elif how == 6:
            other = dice.randrange(len(parts))
            parts[place], parts[other] = parts[other], parts[place]
        else:
            parts.insert(place, dice.choice(TEXTS))
    return "".join(parts)


def go_templates() -> list[str]:
    """Return real templates in Go's language: of the package, and those recorded, where they are there."""
    found = ["{{ .System }} {{ .Prompt }}", "{{ range .Messages }}<|{{ .Role }}|>{{ .Content }}{{ end }}"]
    for blob in sorted((BUNDLED_MODELS / "blobs").iterdir()):
        if blob.stat().st_size < 1 << 16 and "{{" in (text := blob.read_text("utf-8", "replace")):
            found.append(text)
    return found + [path.read_text("utf-8") for path in sorted((SHARED / "go-templates").rglob("*.gotmpl"))]


def jinja_templates() -> list[str]:
    """Return real templates in Jinja: those of the named renderers, and those recorded, where they are there."""
    paths = [*sorted(RENDERERS.glob("*.jinja")), *sorted((SHARED / "chat-templates").rglob("*.jinja"))]
    return [path.read_text("utf-8") for path in paths]
