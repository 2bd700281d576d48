"""What writes constrained replies in tests: a small model with random weights, and bare tables of tokens."""

import json
import re
from pathlib import Path
from typing import Any, cast

from paddock.engine.binding import Batch, Context, ContextOptions, LlamaModel
from paddock.engine.constraints import GrammarCache, GrammarMatcher, TokenizerInfo
from paddock.engine.generation.sampling import make_chain
from paddock.ipc import Constraint, JsonSchema, Sampling

END, BYTES = 2, 3
"""Tokens of the small model: the one that ends a reply, and the first of 256 with a byte each."""


def json_schema(schema: Any) -> JsonSchema:
    return JsonSchema(json.dumps(schema))


def nearest_end(matcher: GrammarMatcher, reply: bytes) -> int | None:
    """Return the token that closes what `reply` has left open, if it may come."""
    inside_a_string = re.sub(rb"\\.", b"", reply).count(b'"') % 2
    closing = '"' if inside_a_string else '}],"'
    allowed = matcher.allowed_tokens()
    return next((t for t in (END, *(BYTES + ord(c) for c in closing)) if allowed[t]), None)


class Writer:
    """A small model with random weights. It writes noise until it is told to come to an end."""

    def __init__(self, path: Path) -> None:
        self.model = LlamaModel(str(path))
        self.grammars = GrammarCache(TokenizerInfo(self.model))
        self.context = Context(self.model, ContextOptions(cells=512, batch_tokens=8))
        self._batch = Batch(8)

    def write(self, constraint: Constraint, seed: int = 0, *, noise: int = 40, length: int = 400) -> str:
        """Return a reply: `noise` tokens at random, then the shortest way to an end that comes to mind."""
        matcher = self.matcher(constraint)
        chain = make_chain(self.model, Sampling(seed=seed, temperature=1.5, top_k=0, top_p=1.0), length)
        self.context.remove(0)
        reply, token = b"", self.model.bos
        for position in range(length):
            self._batch.clear()
            index = self._batch.add(token, position, 0, True)
            self.context.decode(self._batch)
            matcher.mask_logits(self.context.logits(index))
            token = chain.sample(self.context, index)
            if position >= noise:
                token = nearest_end(matcher, reply) or token
            matcher.accept(token)
            if self.model.ends_reply(token):
                chain.close()
                return reply.decode()
            reply += self.model.piece(token)
        raise AssertionError(f"no end in sight: {reply!r}")

    def matcher(self, constraint: Constraint) -> GrammarMatcher:
        return GrammarMatcher(self.grammars.tokens, self.grammars.get(constraint))

    def verdict(self, constraint: Constraint, text: str) -> str:
        """Feed `text` byte by byte: it is "complete", "unfinished" or "refused after" some of it."""
        matcher = self.matcher(constraint)
        for i, byte in enumerate(text.encode()):
            if not matcher.allowed_tokens()[BYTES + byte]:
                return f"refused after {text.encode()[:i].decode(errors='replace')}"
            matcher.accept(BYTES + byte)
        return "complete" if matcher.may_end else "unfinished"

    def check(self, constraint: Constraint, good: list[str], bad: list[str]) -> None:
        """Assert that all texts of `good` are complete replies, and none of `bad` is."""
        assert [self.verdict(constraint, text) for text in good] == ["complete"] * len(good)
        assert "complete" not in [self.verdict(constraint, text) for text in bad]

    def close(self) -> None:
        self._batch.close()
        self.context.close()
        self.model.close()


class Tokens:
    """As much of a model as its tokens need; an empty piece is a control token."""

    def __init__(self, pieces: list[bytes], ends: set[int], controls: dict[int, str] | None = None) -> None:
        self.pieces, self.vocabulary_size = pieces, len(pieces)
        self._ends, self._controls = ends, controls or {}

    def piece(self, token: int, special: bool = False) -> bytes:
        return self._controls[token].encode() if special and token in self._controls else self.pieces[token]

    def ends_reply(self, token: int) -> bool:
        return token in self._ends

    def info(self) -> TokenizerInfo:
        return TokenizerInfo(cast(LlamaModel, self))

    def matcher(self, constraint: Constraint) -> GrammarMatcher:
        grammars = GrammarCache(self.info())
        return GrammarMatcher(grammars.tokens, grammars.get(constraint))


def allowed(matcher: GrammarMatcher, *accepted: int) -> set[int]:
    """Return the tokens that may come next, after `accepted`."""
    for token in accepted:
        matcher.accept(token)
    return {int(t) for t in matcher.allowed_tokens().nonzero()[0]}
