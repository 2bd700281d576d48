"""Evaluation: what a model answers to prompts that training never saw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import torch
from tokenizers import Tokenizer  # type: ignore[import-untyped]

from training import tokenizer as tokens
from training.chat_format import THINK_NOW, parse, prompt
from training.corpus.registry import SKILLS
from training.example import Check, Reply
from training.model import Model

LONGEST_REPLY = 160
ENDS_RATE = 0.99
"""Which part of all replies has to end by itself."""


class Generator(Protocol):
    """Whatever continues prompts, always with the likeliest token."""

    def replies(self, prompts: Sequence[str]) -> list[str]:
        """Return what follows each prompt, up to the token that ends the turn and with it."""
        ...


class TorchGenerator:
    """A model in PyTorch, which continues many prompts at once."""

    def __init__(self, model: Model, tokenizer: Tokenizer, rows: int = 64) -> None:
        self._model = model.eval()
        self._tokenizer = tokenizer
        self._end = tokens.end_of(tokenizer)
        self._rows = rows

    def replies(self, prompts: Sequence[str]) -> list[str]:
        """Continue the prompts, those of similar length together."""
        encoded = [tokens.encode(self._tokenizer, text) for text in prompts]
        order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
        replies = [""] * len(encoded)
        for start in range(0, len(order), self._rows):
            chosen = order[start : start + self._rows]
            for i, ids in zip(chosen, self._continue([encoded[i] for i in chosen]), strict=True):
                replies[i] = tokens.decode(self._tokenizer, ids)
        return replies

    @torch.inference_mode()
    def _continue(self, encoded: list[list[int]]) -> list[list[int]]:
        width = max(map(len, encoded))
        cache = self._model.room(len(encoded), width + LONGEST_REPLY)
        padding = torch.zeros(len(encoded), width + LONGEST_REPLY, dtype=torch.bool)
        given = torch.zeros(len(encoded), width, dtype=torch.int64)
        for row, ids in enumerate(encoded):
            given[row, width - len(ids) :] = torch.tensor(ids)
            padding[row, : width - len(ids)] = True
        replies: list[list[int]] = [[] for _ in encoded]
        going = set(range(len(encoded)))
        start = 0
        while going and start < width + LONGEST_REPLY - 1:
            chosen = self._model.extend(given, start, cache, padding).argmax(-1)
            start += given.shape[1]
            given = chosen[:, None]
            for row in list(going):
                replies[row].append(int(chosen[row]))
                if replies[row][-1] == self._end:
                    going.remove(row)
        return replies


class GgufGenerator:
    """A GGUF file in llama.cpp, one prompt after the other."""

    def __init__(self, path: Path, threads: int = 1) -> None:
        import llama_cpp

        self._model = llama_cpp.Llama(str(path), n_ctx=2048, n_threads=threads, n_threads_batch=threads, verbose=False)
        self._end = self._model.token_eos()

    def replies(self, prompts: Sequence[str]) -> list[str]:
        """Continue each prompt."""
        return [self._continue(text) for text in prompts]

    def _continue(self, text: str) -> str:
        ids: list[int] = []
        given = self._model.tokenize(text.encode(), add_bos=True, special=True)
        for token in self._model.generate(given, temp=0.0):
            ids.append(token)
            if token == self._end or len(ids) == LONGEST_REPLY:
                break
        reply: bytes = self._model.detokenize(ids, prev_tokens=given, special=True)
        return reply.decode("utf-8", "replace")


@dataclass(frozen=True)
class Result:
    """A prompt, the reply, and whether it passes."""

    check: Check
    text: str
    reply: Reply
    passed: bool


def evaluate(generator: Generator, only: Sequence[str] = ()) -> dict[str, list[Result]]:
    """Ask everything that is held out, of all skills or only of some; return the results by the name of the skill."""
    checks = [(skill.name, check) for skill in SKILLS if not only or skill.name in only for check in skill.held_out()]
    replies = generator.replies([prompt(check.prompt, check.think) for _, check in checks])
    results: dict[str, list[Result]] = {}
    for (name, check), text in zip(checks, replies, strict=True):
        reply = parse(text)
        results.setdefault(name, []).append(Result(check, text, reply, check.passes(reply)))
    return results


def table(results: dict[str, list[Result]]) -> Iterator[str]:
    """Yield the lines of a table: what passed of each skill, and how many replies ended by themselves."""
    yield f"{'skill':14}{'checks':>7}{'passed':>9}{'needed':>9}"
    for skill in SKILLS:
        if skill.name in results:
            passed = [result.passed for result in results[skill.name]]
            yield _row(skill.name, passed, skill.pass_rate)
    yield _row("ends its turn", [result.reply.ended for some in results.values() for result in some], ENDS_RATE)


def reaches_all(results: dict[str, list[Result]]) -> bool:
    """Return whether the model does all that it has to."""
    rates = {skill.name: skill.pass_rate for skill in SKILLS}
    every = [result.reply.ended for some in results.values() for result in some]
    return _rate(every) >= ENDS_RATE and all(
        _rate([result.passed for result in some]) >= rates[name] for name, some in results.items()
    )


def failures(results: dict[str, list[Result]], count: int) -> Iterator[str]:
    """Yield up to `count` prompts of each skill with the replies that did not pass."""
    for name, some in results.items():
        for result in [result for result in some if not result.passed][:count]:
            marker = f" {THINK_NOW}" if result.check.think else ""
            yield f"--- {name}{marker}\n{prompt(result.check.prompt, result.check.think)}\n>>> {result.text}"


def _row(name: str, passed: list[bool], needed: float) -> str:
    rate = _rate(passed)
    verdict = "" if rate >= needed else "  too few"
    return f"{name:14}{len(passed):7}{100 * rate:7.1f} %{100 * needed:7.0f} %  {'█' * round(20 * rate):20}{verdict}"


def _rate(passed: list[bool]) -> float:
    return sum(passed) / max(1, len(passed))
