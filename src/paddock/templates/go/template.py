"""Prompt templates in Go's `text/template` language, given the same data as Ollama gives them.

A template of text and plain variables is rendered here; any other needs the engine in `program`, which takes 100 ms to
import.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import Any, Protocol

from paddock.templates.errors import TemplateSyntax
from paddock.templates.go.analysis import MAX_TEMPLATE_LENGTH, analyse
from paddock.templates.go.outline import pieces
from paddock.templates.message import Message, Think, Tools, joined_by_role, system_text

RESPONSE = "{{ .Response }}"
PLAIN_FIELDS = (".System", ".Prompt", ".Response", ".Suffix")
"""The fields that a template may print without needing the template engine."""


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
        self.analysis = analyse(text)
        self._program = _program(text)
        self.variables = self.analysis.variables
        """The variables of the template, with `response` if its end is the place for the response."""
        if not self.variables & {"messages", "response"}:
            self._program = _program(text + RESPONSE)
            self.variables |= {"response"}

    @property
    def supports_suffix(self) -> bool:
        """Whether the template has a place for a suffix, so that the model can fill in the middle."""
        return "suffix" in self.variables

    def render(self, messages: Sequence[Message], tools: Tools = (), think: Think = None) -> str:
        """Return the prompt of a conversation.

        Raises:
            TemplateFailed: if the template fails on it or does too much.
        """
        turns = joined_by_role(messages)
        if "messages" in self.variables:
            data = {"System": system_text(turns), "Messages": turns, "Tools": tools, "Response": ""}
            return self._program.run(data | _thinking(think))
        return "".join(self._by_turns(turns, think))

    def insert(self, prompt: str, suffix: str, think: Think = None) -> str:
        """Return the prompt for the text between `prompt` and `suffix`.

        Raises:
            TemplateFailed: if the template fails on it or does too much.
        """
        data = {"Prompt": prompt, "Suffix": suffix, "Response": "", **_thinking(think)}
        return self._program.run(data)

    def _by_turns(self, turns: Sequence[Message], think: Think) -> Iterator[str]:
        """Render a template without messages once for each turn of system, prompt and response.

        The last turn is rendered only up to its response.
        """
        turn = _Turn()
        for message in turns:
            if message.role == "system":
                if turn.prompt or turn.response:
                    yield self._program.run(turn.take(think))
                turn.system = message.content
            elif message.role == "user":
                if turn.response:
                    yield self._program.run(turn.take(think))
                turn.prompt = message.content
            elif message.role == "assistant":
                turn.response = message.content
        yield self._up_to_response.run(turn.take(think))

    @cached_property
    def _up_to_response(self) -> "Program":
        return self._program.cut_after("Response")


@lru_cache(maxsize=64)
def go_template(text: str) -> GoTemplate:
    """Return the template with this text, which is parsed once.

    Raises:
        TemplateSyntax: if it is no template.
    """
    return GoTemplate(text)


class _Turn:
    def __init__(self) -> None:
        self.system = self.prompt = self.response = ""

    def take(self, think: Think) -> dict[str, Any]:
        data = {"System": self.system, "Prompt": self.prompt, "Response": self.response, **_thinking(think)}
        self.system = self.prompt = self.response = ""
        return data


def _thinking(think: Think) -> dict[str, Any]:
    level = think if isinstance(think, str) else "medium" if think else ""
    return {"Think": bool(think), "ThinkLevel": level, "IsThinkSet": think is not None}


class Program(Protocol):
    """The executable form of a template."""

    def run(self, data: Mapping[str, Any]) -> str:
        """Render. `Messages` are messages and `Tools` mappings as requests bring them."""

    def cut_after(self, field: str, /) -> "Program":
        """Return the program without everything that follows the first place where `field` is printed."""


def _program(text: str) -> Program:
    if len(text) > MAX_TEMPLATE_LENGTH:
        raise TemplateSyntax(f"template: :1: template has {len(text)} characters, more than {MAX_TEMPLATE_LENGTH}")
    parts: list[tuple[bool, str]] = []
    for piece in pieces(text):
        is_text = piece.kind == "text"
        if ("{{" in piece.code) if is_text else (piece.kind != "action" or piece.code not in PLAIN_FIELDS):
            from paddock.templates.go.program import compile_program

            return compile_program(text)
        parts.append((not is_text, piece.code if is_text else piece.code[1:]))
    return _PlainProgram(parts)


class _PlainProgram:
    """A template as parts: whether each is a field, and the text or the field's name."""

    def __init__(self, parts: list[tuple[bool, str]]) -> None:
        self._parts = parts

    def run(self, data: Mapping[str, Any]) -> str:
        return "".join(data.get(part, "<no value>") if is_field else part for is_field, part in self._parts)

    def cut_after(self, field: str, /) -> Program:
        place = self._parts.index((True, field)) if (True, field) in self._parts else len(self._parts)
        return _PlainProgram(self._parts[: place + 1])
