"""The state of one reply that must match a constraint: which tokens may come next."""

from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any

from paddock.engine.constraints.errors import ConstraintFailed, FormatTooComplex
from paddock.engine.constraints.grammar_cache import CompiledGrammar, explain
from paddock.engine.constraints.output_rules import OutputRules
from paddock.engine.constraints.tokenizer_info import TokenizerInfo

if TYPE_CHECKING:
    import numpy
    from llguidance import LLMatcher

LIMITS_OF_PARSER = ("; max is ", "too many", "limit")
"""Parts of llguidance's errors when a grammar exceeds its limits in the middle of a reply."""


class GrammarMatcher:
    """Follows one reply. Read `allowed_tokens` or call `mask_logits`, choose a token, `accept` it, until `done`.

    It is for one thread, whatever threads of its pool compute meanwhile.
    """

    def __init__(self, tokens: TokenizerInfo, compiled: CompiledGrammar, pool: Executor | None = None) -> None:
        """Start at the beginning of a reply.

        Threads of `pool` compute the tokens that may come next while the model computes their logits; without it that
        happens when they are asked for.
        """
        self.tokens = tokens
        self._compiled = compiled
        self._pool = pool
        self._matcher = compiled.matcher.deep_copy()
        grammar = compiled.grammar
        self._rules = (
            OutputRules(
                is_json=grammar.is_json,
                never_in_strings=grammar.never_in_strings,
                avoided=grammar.avoided,
                regions=grammar.regions,
            )
            if grammar.limits_digits
            else None
        )
        self._next: _NextTokens | None = None
        """The tokens that may come next, once they are known."""
        self._pending: Future[_NextTokens] | None = None
        """The computation of those in the pool; until it has ended nothing else may touch the matcher."""
        self._complete = self._is_complete()
        self._ended = False

    def fork(self) -> "GrammarMatcher":
        """Return another matcher for the same grammar, at the beginning of a reply."""
        return GrammarMatcher(self.tokens, self._compiled, self._pool)

    @property
    def may_end(self) -> bool:
        """Whether the reply is complete as it is. Exactly then, tokens that end it are allowed."""
        self._settle()
        return self._ended or self._matcher.is_accepting()

    @property
    def done(self) -> bool:
        """Whether the reply is complete and nothing can be added: only a token that ends it is allowed."""
        return self._ended or self._complete

    def precompute(self) -> None:
        """Have the pool compute the tokens that may come next, unless they are known. `accept` does this, too."""
        if self._pool is not None and self._next is None and self._pending is None and not self.done:
            self._pending = self._pool.submit(self._compute)

    def allowed_tokens(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]":
        """Return whether each token may come next, shape (vocabulary size,); read-only.

        Waits for the pool or computes it: tenths of a millisecond for a large vocabulary.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        return self._known().allowed

    def mask_logits(self, logits: "numpy.ndarray[Any, numpy.dtype[numpy.float32]]") -> None:
        """Set the logits of tokens that may not come next to minus infinity; `logits` has shape (n_vocab,).

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        import numpy

        numpy.minimum(logits, self._known().limits, out=logits)

    def accept(self, token: int) -> None:
        """Follow the reply by `token`.

        Raises:
            ConstraintFailed: if it may not come here.
        """
        self._settle()
        self._next = None
        if token in self.tokens.end_tokens:
            if not self.may_end:
                raise ConstraintFailed("the reply ended before it was complete")
            self._ended = True
        elif self._ended or not self._matcher.consume_token(token):
            raise _failure(self._matcher, f"token {token} may not come here", "the reply is over")
        elif self._rules is not None:
            self._rules.read(self.tokens.text(token))
        self._complete = self._is_complete()
        self.precompute()

    def close(self) -> None:
        """Cancel what the pool has not begun to compute. Call it when the reply has ended."""
        if self._pending is not None:
            self._pending.cancel()

    def _known(self) -> "_NextTokens":
        pending, self._pending = self._pending, None
        if self._next is None:
            # If all threads are busy and none has begun with it, computing it here is faster than waiting.
            self._next = self._compute() if pending is None or pending.cancel() else pending.result()
            self._complete = self._is_complete()
        return self._next

    def _settle(self) -> None:
        """Wait until no thread of the pool uses the matcher."""
        pending, self._pending = self._pending, None
        if pending is not None and not pending.cancel():
            pending.exception()  # an error will be raised again by the next computation

    def _compute(self) -> "_NextTokens":
        """Compute the tokens that may come next, most of the time without the GIL."""
        import numpy

        tokens, matcher = self.tokens, self._matcher
        bits = numpy.empty(tokens.mask_bytes, numpy.uint8)
        matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        if matcher.is_error() or (matcher.is_stopped() and not matcher.is_accepting()):
            raise _failure(matcher, "the reply cannot go on in its format", "nothing may come next")
        allowed = numpy.unpackbits(bits, bitorder="little", count=tokens.size).view(numpy.bool_)
        for discouraged in self._rules.discouraged_tokens(tokens) if self._rules is not None else ():
            others = allowed.copy()
            others[discouraged] = False
            if others.any():
                allowed = others
        return _NextTokens(allowed)

    def _is_complete(self) -> bool:
        return self._matcher.is_stopped() and self._matcher.is_accepting()


def _failure(matcher: "LLMatcher", what: str, otherwise: str) -> ConstraintFailed:
    """Return the error for a reply that cannot go on; `otherwise` is the reason if the matcher knows none."""
    reason = explain(matcher)
    if any(limit in reason for limit in LIMITS_OF_PARSER):
        return FormatTooComplex()
    return ConstraintFailed(f"{what}: {reason or otherwise}")


class _NextTokens:
    """The tokens that may come next, as a mask and as upper limits of the logits."""

    def __init__(self, allowed: "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]") -> None:
        import numpy

        self.allowed = allowed
        # Infinity for allowed tokens and minus infinity for others, made from bits: `where` takes 20 times as long.
        bits = allowed.astype(numpy.uint32)
        bits <<= _SIGN_BIT
        bits ^= _MINUS_INFINITY
        self.limits = bits.view(numpy.float32)


_SIGN_BIT = 31
_MINUS_INFINITY = 0xFF800000
"""Bits of minus infinity as a 32-bit float; infinity differs in the sign."""
