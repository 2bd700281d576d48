"""Prompt templates in Go's `text/template` language, fed as Ollama feeds them.

A template of text and plain variables is rendered here; any other needs the engine in `go_engine`, which takes 100 ms
to import.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol

from paddock.templates.errors import TemplateSyntax
from paddock.templates.message import Message, joined_by_role, system_text

Think = bool | str | None
"""Whether the model shall think, or how much; None if the request does not say."""

Tools = Sequence[Mapping[str, Any]]
"""Tools as a request brings them."""

MAX_SOURCE = 128 * 1024
"""Longest template in characters. The longest of the public library has 9,000."""

RESPONSE = "{{ .Response }}"


class GoTemplate:
    """A parsed template.

    Example:
        >>> GoTemplate("{{ .System }}|{{ .Prompt }}:").render([Message("system", "S"), Message("user", "u")])
        'S|u:'
    """

    def __init__(self, text: str) -> None:
        """Parse `text`.

        Raises:
            TemplateSyntax: if it is no template, with the wording of Go's parser.
        """
        self.text = text
        self._program = _program(text)
        self._names = self._program.names()
        if not self._names & {"messages", "response"}:
            self._program = _program(text + RESPONSE)
            self._names = self._names | {"response"}

    def variables(self) -> frozenset[str]:
        """The names that the template uses, in lower case; variables with their `$`."""
        return self._names

    @property
    def supports_suffix(self) -> bool:
        """Whether it can fill in the middle."""
        return "suffix" in self._names

    def render(self, messages: Sequence[Message], tools: Tools = (), think: Think = None) -> str:
        """Return the prompt of a conversation.

        Raises:
            TemplateFailed: if the template fails on it or does too much.
        """
        turns = joined_by_role(messages)
        if "messages" in self._names:
            data = {"System": system_text(turns), "Messages": turns, "Tools": tools, "Response": ""}
            return self._program.run(data | _thinking(think))
        return "".join(self._by_turns(turns, think))

    def insert(self, prompt: str, suffix: str, think: Think = None) -> str:
        """Return the prompt that asks for what stands between `prompt` and `suffix`.

        Raises:
            TemplateFailed: if the template fails on it or does too much.
        """
        data = {"Prompt": prompt, "Suffix": suffix, "Response": "", **_thinking(think)}
        return self._program.run(data)

    def _by_turns(self, turns: Sequence[Message], think: Think) -> Iterator[str]:
        """The older form: the template once per system-prompt-response, the last time only up to the response."""
        turn = _Turn()
        for message in turns:
            if message.role == "system":
                if turn.prompt or turn.response:
                    yield self._program.run(turn.taken(think))
                turn.system = message.content
            elif message.role == "user":
                if turn.response:
                    yield self._program.run(turn.taken(think))
                turn.prompt = message.content
            elif message.role == "assistant":
                turn.response = message.content
        yield self._up_to_response.run(turn.taken(think))

    @cached_property
    def _up_to_response(self) -> "Program":
        return self._program.cut_after("Response")


@lru_cache(maxsize=64)
def go_template(text: str) -> GoTemplate:
    """A template by its text, parsed once.

    Raises:
        TemplateSyntax: if it is no template.
    """
    return GoTemplate(text)


class _Turn:
    def __init__(self) -> None:
        self.system = self.prompt = self.response = ""

    def taken(self, think: Think) -> dict[str, Any]:
        data = {"System": self.system, "Prompt": self.prompt, "Response": self.response, **_thinking(think)}
        self.system = self.prompt = self.response = ""
        return data


def _thinking(think: Think) -> dict[str, Any]:
    level = think if isinstance(think, str) else "medium" if think else ""
    return {"Think": bool(think), "ThinkLevel": level, "IsThinkSet": think is not None}


class Program(Protocol):
    """What a template's text becomes: something that runs on data, and tells what it uses."""

    def run(self, data: Mapping[str, Any]) -> str:
        """Render. `Messages` are messages and `Tools` mappings as requests bring them."""

    def names(self) -> frozenset[str]:
        """Names used, in lower case."""

    def cut_after(self, field: str) -> "Program":
        """The same without everything that follows the first place where `field` is printed."""


def _program(text: str) -> Program:
    if len(text) > MAX_SOURCE:
        raise TemplateSyntax(f"template: :1: template has {len(text)} characters, more than {MAX_SOURCE}")
    parts = _plain_parts(text)
    if parts is not None:
        return _Plain(parts)
    from paddock.templates.go.program import Parsed

    return Parsed(text)


_PLAIN = re.compile(r"\{\{(-[ \t\r\n]+|[ \t\r\n]*)\.(System|Prompt|Response|Suffix)([ \t\r\n]+-|[ \t\r\n]*)\}\}")
_SPACE = " \t\r\n"


def _plain_parts(text: str) -> list[tuple[bool, str]] | None:
    """The template as (is a variable, text or name), or None if it is more than text and plain variables."""
    parts: list[tuple[bool, str]] = []
    end, trim = 0, False
    for match in _PLAIN.finditer(text):
        literal = text[end : match.start()]
        literal = literal.lstrip(_SPACE) if trim else literal
        parts.append((False, literal.rstrip(_SPACE) if match[1].startswith("-") else literal))
        parts.append((True, match[2]))
        end, trim = match.end(), match[3].endswith("-")
    rest = text[end:]
    parts.append((False, rest.lstrip(_SPACE) if trim else rest))
    texts = [part for variable, part in parts if not variable]
    return None if any("{{" in text or text.endswith("{") for text in texts) else parts


class _Plain:
    def __init__(self, parts: list[tuple[bool, str]]) -> None:
        self._parts = parts

    def run(self, data: Mapping[str, Any]) -> str:
        return "".join(data.get(part, "<no value>") if variable else part for variable, part in self._parts)

    def names(self) -> frozenset[str]:
        return frozenset(part.lower() for variable, part in self._parts if variable)

    def cut_after(self, field: str) -> Program:
        place = self._parts.index((True, field)) if (True, field) in self._parts else len(self._parts)
        return _Plain(self._parts[: place + 1])
