"""Endless batches of examples of similar length, drawn as they are needed."""

from bisect import insort
from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from tokenizers import Tokenizer  # type: ignore[import-untyped]
from torch import Tensor

from training.chat_format import BOS, segments
from training.corpus.registry import draw
from training.example import Conversation

Item = tuple[int, list[int], list[bool]]
"""An example: how many tokens it has, the tokens, and which of them the model is to write."""

LONGEST = 641
"""Longer examples, BOS included, are left out."""

WAITING = 1024
"""How many examples wait so that neighbours in length can be found."""

ROW = 8
"""Lengths are rounded up to a multiple of this."""


@dataclass(frozen=True)
class Batch:
    """Sequences of one length: tokens, (rows, length + 1); which of those to predict are given or learned."""

    tokens: Tensor
    given: Tensor
    learned: Tensor


class Stream:
    """Batches made from a seed. Its state can be kept and taken up again."""

    def __init__(self, tokenizer: Tokenizer, seed: str, size: int, think: float) -> None:
        self._tokenizer = tokenizer
        self._bos = tokenizer.token_to_id(BOS)
        self._rng = Random(seed)
        self._size = size
        self._think = think
        self._waiting: list[Item] = []

    def next(self) -> Batch:
        """Return the next batch, of about `size` tokens."""
        while len(self._waiting) < WAITING:
            item = self._draw()
            if item[0] <= LONGEST:
                insort(self._waiting, item)
        start = end = self._rng.randrange(WAITING)
        while end < WAITING and (end - start + 1) * _rounded(self._waiting[end][0] - 1) <= self._size:
            end += 1
        width = _rounded(self._waiting[end - 1][0] - 1)
        while start and (end - start + 1) * width <= self._size:
            start -= 1
        taken = self._waiting[start:end]
        del self._waiting[start:end]
        return _batch(taken, width)

    def state(self) -> dict[str, Any]:
        """Return what `restore` needs."""
        return {"rng": self._rng.getstate(), "waiting": list(self._waiting)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on where a stream with the same seed was when it gave its state."""
        version, numbers, gauss = state["rng"]
        self._rng.setstate((version, tuple(numbers), gauss))
        self._waiting = [(count, list(ids), list(learned)) for count, ids, learned in state["waiting"]]

    def _draw(self) -> Item:
        example = draw(self._rng)
        think = isinstance(example, Conversation) and self._rng.random() < self._think
        ids, learned = [self._bos], [False]
        for segment in segments(example, think):
            piece = self._tokenizer.encode(segment.text, add_special_tokens=False).ids
            ids += piece
            learned += [segment.learned] * len(piece)
        return len(ids), ids, learned


def _rounded(length: int) -> int:
    return -(-length // ROW) * ROW


def _batch(items: list[Item], length: int) -> Batch:
    tokens = torch.zeros(len(items), length + 1, dtype=torch.int64)
    given = torch.zeros(len(items), length, dtype=torch.bool)
    learned = torch.zeros(len(items), length, dtype=torch.bool)
    for row, (count, ids, learn) in enumerate(items):
        tokens[row, :count] = torch.tensor(ids)
        learned[row, : count - 1] = torch.tensor(learn[1:])
        given[row, : count - 1] = ~learned[row, : count - 1]
    return Batch(tokens, given, learned)
