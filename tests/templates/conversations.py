"""Conversations that chat templates are tried with, and the cases of which transformers' rendering is recorded."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from paddock.templates import Message

HERE = Path(__file__).parent
TEMPLATES = {path.stem: path.read_text("utf-8") for path in sorted((HERE / "templates").glob("*.jinja"))}
RECORDED = HERE / "transformers.json"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

CALL = {"id": "call_1a2b3", "function": {"name": "get_weather", "arguments": {"city": 'Köln <&> "x"', "days": 3}}}
OTHER_CALL = {"id": "call_9z8y7", "function": {"name": "now", "arguments": {}}}
TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": 'The weather\'s "forecast" <for> a city',
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Größe & Stadt"},
                    "days": {"type": ["integer", "null"], "minimum": 1},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "now", "description": "", "parameters": {"properties": {}}}},
]
CONVERSATIONS: dict[str, list[Message]] = {
    "one": [Message("user", " What now?\n")],
    "system": [Message("system", "Be brief.\n"), Message("user", "Hi 💡")],
    "turns": [
        Message("system", "Be {{ brief }}."),
        Message("user", "Hi"),
        Message("assistant", "\n<think>\nHm.\n</think>\n\nHello <there> & you"),
        Message("user", "Bye!"),
    ],
    "thoughts": [
        Message("user", "2+2?"),
        Message("assistant", "4", thinking="Easy:\n2+2 = 4"),
        Message("user", "3+3?"),
        Message("assistant", "", thinking="I need help.", tool_calls=[CALL]),
        Message("tool", "6", tool_name="get_weather", tool_call_id="call_1a2b3"),
    ],
    "calls": [
        Message("system", "Use tools."),
        Message("user", "Weather?"),
        Message("assistant", "One moment.", tool_calls=[CALL, OTHER_CALL]),
        Message("tool", '{"t": 11}', tool_name="get_weather", tool_call_id="call_1a2b3"),
        Message("tool", "noon", tool_name="now", tool_call_id="call_9z8y7"),
        Message("assistant", "11 degrees at noon."),
        Message("user", "Thanks"),
    ],
    "neighbours": [Message("user", "a"), Message("user", "b"), Message("system", "late"), Message("user", "c")],
    "ends with the assistant": [Message("user", "a"), Message("assistant", "It is")],
    "long": [Message("user" if i % 2 == 0 else "assistant", f"Turn {i}\n" * (i % 5)) for i in range(31)],
}


@dataclass(frozen=True)
class Case:
    """A template, a conversation, and what else the request says."""

    template: str
    conversation: str
    tools: bool = False
    think: bool | str | None = None

    @property
    def name(self) -> str:
        """What the case is called in the recordings."""
        return "/".join([self.template, self.conversation, *(["tools"] if self.tools else []), str(self.think)])


def cases() -> Iterator[Case]:
    """Every template with every conversation, plain; with tools; and with the switches of thinking."""
    for template in TEMPLATES:
        for conversation in CONVERSATIONS:
            yield Case(template, conversation)
            yield Case(template, conversation, tools=True, think=True)
        yield Case(template, "one", think=False)
        yield Case(template, "turns", tools=True, think="low")


def with_mark(prompt: str, day: datetime) -> str:
    """Put a mark in place of the date, so that recordings do not age."""
    for form in ("%d %b %Y", "%B %d, %Y"):
        prompt = prompt.replace(day.strftime(form), f"({form})")
    return prompt
