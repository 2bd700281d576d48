"""The held-out prompts of the skill `tools`."""

import json
import re
from collections.abc import Callable

from training.corpus.tools_held_out_data import ANSWERS, CALLS, PLAIN, TOOLS
from training.corpus.tools_surroundings import SYSTEM_PROMPTS
from training.example import Call, Check, Conversation, Reply, Tool, Turn


def held_out() -> list[Check]:
    """Return prompts that need a call, prompts that need an answer from a result, and prompts that need no tool."""
    tools = {tool.name: tool for tool in map(_tool, TOOLS.strip().splitlines())}
    checks = []
    for i, (names, request, call) in enumerate(_rows(CALLS)):
        prompt = _prompt(i, (Turn("user", request),), _offered(tools, names, i))
        checks.append(Check(prompt, _calls(_call(call)), i % 4 == 3))
    for i, (names, request, call, result, expected) in enumerate(_rows(ANSWERS)):
        turns = (Turn("user", request), Turn("assistant", calls=(_call(call),)), Turn("tool", result))
        words = [word.split("/") for word in expected.split(", ")]
        checks.append(Check(_prompt(i, turns, _offered(tools, names, i)), _names(words), i % 4 == 3))
    for i, (names, said, expected) in enumerate(_rows(PLAIN)):
        prompt = _prompt(i, (Turn("user", said),), _offered(tools, names, i))
        checks.append(Check(prompt, _names([expected.split("/")]), i % 4 == 3))
    return checks


def _rows(text: str) -> list[list[str]]:
    return [line.split(" | ") for line in text.strip().replace("\n  |", " |").splitlines()]


def _tool(line: str) -> Tool:
    head, description = line.split(" - ")
    name, *parameters = head.split()
    pairs = [parameter.split(":") for parameter in parameters]
    return Tool(name, description, tuple((pair[0], pair[1]) for pair in pairs))


def _offered(tools: dict[str, Tool], names: str, turn_by: int) -> tuple[Tool, ...]:
    offered = [tools[name] for name in names.split(", ")]
    start = turn_by % len(offered)
    return tuple(offered[start:] + offered[:start])


def _prompt(i: int, turns: tuple[Turn, ...], tools: tuple[Tool, ...]) -> Conversation:
    return Conversation(turns, SYSTEM_PROMPTS[0] if i % 7 == 3 else "", tools)


def _call(text: str) -> Call:
    name, arguments = text.split(" ", 1)
    return Call(name, json.loads(arguments))


def _calls(expected: Call) -> Callable[[Reply], bool]:
    def passes(reply: Reply) -> bool:
        return reply.ended and [_written(call) for call in reply.calls] == [_written(expected)]

    return passes


def _written(call: Call) -> str:
    # As JSON, so that true and 1 differ.
    return json.dumps([call.name, call.arguments], sort_keys=True)


def _names(expected: list[list[str]]) -> Callable[[Reply], bool]:
    def passes(reply: Reply) -> bool:
        return reply.ended and not reply.calls and all(any(_has(reply.content, w) for w in words) for words in expected)

    return passes


def _has(content: str, words: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(words)}(?![\w])", content, re.IGNORECASE) is not None
