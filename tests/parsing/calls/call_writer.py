"""A writer of forced calls: it may write anything that the constraint allows, and has tags for tokens."""

from functools import cache
from random import Random
from typing import Any, cast

from paddock.engine.binding import LlamaModel
from paddock.engine.constraints import GrammarCache, GrammarMatcher, TokenizerInfo
from paddock.ipc import Constraint

END = 0
CONTROLS = ["[TOOL_CALLS]", "[ARGS]", "<|START_ACTION|>", "<|END_ACTION|>", "<|channel|>", "<|message|>"]
CONTROLS += ["<|constrain|>", "<|tool_call_start|>", "<｜tool▁sep｜>", "<｜tool▁call▁begin｜>", "<｜tool▁calls▁end｜>"]
TAGS = [
    "\n</parameter>\n",
    "</parameter>",
    "</arg_value>",
    "</arg_value>\n",
    "</tool_call>",
    "</function>",
    "<tool_call>",
]
TAGS += [
    "</function_calls>",
    "<end_function_call>",
    "<tool_call|>",
    "<｜tool▁call▁end｜>",
    "\n```",
    '"}',
    "null",
    "<|end|>",
]
TAGS += [
    *("<parameter=", "<function=", "<arg_key>", "</arg_key>", "<arg_value>", "</user>", "</seed:tool_call>"),
    *("</TOOLCALL>", "</tool_calls>", "<|/tool_call|>", "<|tool_call_end|>", "<|tool_calls_section_end|>"),
    *("<｜tool▁calls▁end｜>", "<|END_ACTION|>", "<escape>", '<|"|>', "}}", "]", ")]", "[TOOL_CALLS]", "[ARGS]"),
    *("<|call|>", "<|return|>", "<|message|>", "<|channel|>", "functools[", "<|tool_call|>", "```", "</think>"),
    *("<atem:parameter", "</atem:parameter>", "</atem:invoke>", "<|eom|>", "<|eot|>", "<|start|>assistant"),
    # Some tags are cut into several tokens.
    *("</arg_val", "ue>", "</para", "meter>", "</tool_", "call>", "</atem:para", "</arg_value", ">", "</function_"),
    *("<start_function_call>call:", "<function_calls>", "<|tool_call_start|>", "\\n", '\\"', "\\\\"),
]


class Writer:
    """Writes at random what the constraint allows, in bytes and tags, and comes to an end after a while."""

    def __init__(self) -> None:
        texts = ["", *CONTROLS, *TAGS]
        self.pieces = [*(text.encode() for text in texts), *(bytes([byte]) for byte in range(256))]
        self.vocabulary_size = len(self.pieces)
        self._silent = range(len(CONTROLS) + 1)
        self._grammars = GrammarCache(TokenizerInfo(cast(LlamaModel, self)))
        bytes_at = len(texts)
        self._tags = range(len(CONTROLS) + 1, bytes_at)
        closing = [bytes_at + ord(character) for character in '"}])>:01aA-T']
        self._closing = [END, *range(len(CONTROLS) + 1, len(texts)), *closing]

    def piece(self, token: int, special: bool = False) -> bytes:
        return b"" if token in self._silent and not special else self.pieces[token]

    def ends_reply(self, token: int) -> bool:
        return token == END

    def write(self, constraint: Constraint, seed: int, noise: int = 60, tagged: float = 0) -> str:
        """Write a reply that begins with `noise` random tokens, of which a share of `tagged` are tags where allowed."""
        random = Random(seed)
        matcher = GrammarMatcher(self._grammars.tokens, self._grammars.get(constraint))
        reply = b""
        for step in range(3000):
            allowed = matcher.allowed_tokens()
            closing = [t for t in self._closing if allowed[t]] if step > noise and step % 7 else []
            if step <= noise and random.random() < tagged:
                closing = [t for t in self._tags if allowed[t]]
            token = END if allowed[END] else int(random.choice(closing or allowed.nonzero()[0]))
            matcher.accept(token)
            reply += self.piece(token, special=True)
            if matcher.done:
                return reply.decode()
        raise AssertionError(f"no end in sight: {reply[:200]!r}")


@cache
def writer() -> Writer:
    return Writer()


def tool(name: str, parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}
