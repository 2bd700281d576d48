"""The one text form of conversations. The chat templates shipped with the model (Go and Jinja) write the same."""

import json
import re
from dataclasses import dataclass

from training.example import Call, Conversation, Example, Hole, Reply, Turn, compact

BOS, END = "<|bos|>", "<|end|>"
SYSTEM, USER, ASSISTANT, TOOL, THINK_NOW = "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>", "<|think|>"
FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE = "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"
THINK, END_THINK, CALL, END_CALL = "<think>", "</think>", "<tool_call>", "</tool_call>"

CONTROL = (BOS, END, SYSTEM, USER, ASSISTANT, TOOL, THINK_NOW, FIM_PREFIX, FIM_SUFFIX, FIM_MIDDLE)
"""Tokens that structure the text and never show in a reply."""

MARKUP = (THINK, END_THINK, CALL, END_CALL)
"""Tokens that a parser looks for in the reply."""


@dataclass(frozen=True)
class Segment:
    """A piece of text; `learned` says whether the model is to write it."""

    text: str
    learned: bool


def segments(example: Example, think: bool) -> list[Segment]:
    """Write a whole example, without BOS. With `think`, the assistant thinks in its turns after the last user turn.

    Calls before that turn are not learned: the tools are told only after it.
    """
    if isinstance(example, Hole):
        return [Segment(prompt(example, think), False), Segment(example.middle + END, True)]
    pieces = [Segment(_system(example), False)]
    asked = _asked(example)
    for i, turn in enumerate(example.turns):
        if turn.role == "assistant":
            thinks = think and i > asked
            # The marker stands where the reply begins, so only in front of the last turn.
            marker = THINK_NOW if thinks and i == len(example.turns) - 1 else ""
            learned = i > asked or not turn.calls
            pieces += [Segment(marker + ASSISTANT, False), Segment(_reply(turn, thinks) + END, learned)]
        else:
            pieces.append(Segment(_given(turn), False))
        if i == asked:
            pieces.append(Segment(_tools(example), False))
    return [piece for piece in pieces if piece.text]


def prompt(example: Example, think: bool) -> str:
    """Write the text that the model is to continue, without BOS."""
    if isinstance(example, Hole):
        return f"{FIM_PREFIX}{example.prefix}{FIM_SUFFIX}{example.suffix}{FIM_MIDDLE}"
    text = _system(example)
    asked = _asked(example)
    for i, turn in enumerate(example.turns):
        text += ASSISTANT + _reply(turn, False) + END if turn.role == "assistant" else _given(turn)
        text += _tools(example) if i == asked else ""
    return text + (THINK_NOW if think else "") + ASSISTANT


def parse(text: str) -> Reply:
    """Take apart what the model wrote; `text` ends with `<|end|>` if it ended its turn."""
    ended = text.endswith(END)
    text = text.removesuffix(END)
    thought = re.match(re.escape(THINK) + "(.*?)" + re.escape(END_THINK), text, re.DOTALL)
    thinking = thought[1] if thought else ""
    rest = text[thought.end() :] if thought else text
    calls = []
    for found in re.findall(re.escape(CALL) + "(.*?)" + re.escape(END_CALL), rest, re.DOTALL):
        try:
            call = json.loads(found)
            calls.append(Call(call["name"], call["arguments"]))
        except (ValueError, KeyError, TypeError):
            continue
    content = re.sub(re.escape(CALL) + "(.*?)" + re.escape(END_CALL), "", rest, flags=re.DOTALL)
    return Reply(content.strip(), thinking.strip(), thought is not None, tuple(calls), ended)


def _asked(conversation: Conversation) -> int:
    """Return the place of the last user turn, or of the first turn where there is none."""
    return max((i for i, turn in enumerate(conversation.turns) if turn.role == "user"), default=0)


def _system(conversation: Conversation) -> str:
    return SYSTEM + conversation.system + END if conversation.system else ""


def _tools(conversation: Conversation) -> str:
    """Write the tools: after the request, and each name after what it does.

    Whoever reads the words of a description knows the request already, and whoever reads a name knows which of them
    were in it: one look back at the names is enough to choose.
    """
    if not conversation.tools:
        return ""
    text = SYSTEM + "Tools:\n"
    for tool in conversation.tools:
        parameters = "".join(f" {name}:{kind}" for name, kind in tool.parameters)
        text += f"{tool.description}: {tool.name}{parameters}\n"
    return text + END


def _given(turn: Turn) -> str:
    return (USER if turn.role == "user" else TOOL) + turn.content + END


def _reply(turn: Turn, think: bool) -> str:
    text = f"{THINK}{turn.thinking}{END_THINK}" if think else ""
    text += turn.content
    for call in turn.calls:
        text += f'{CALL}{{"name":{compact(call.name)},"arguments":{compact(call.arguments)}}}{END_CALL}'
    return text
