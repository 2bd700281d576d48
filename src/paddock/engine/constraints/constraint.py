"""The state of one reply that is held to a format: which token may come next."""

from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from paddock.engine.constraints.errors import ConstraintFailed
from paddock.engine.constraints.output_rules import Written
from paddock.engine.constraints.vocabulary import Compiled, Vocabulary, explain

if TYPE_CHECKING:
    import numpy


def constraint(vocabulary: Vocabulary, format: bytes | str, pool: Executor | None = None) -> "Constraint":
    """Begin a reply in `format`, a JSON text as `paddock.engine.constraints.grammar` describes it.

    Compiles it, in milliseconds, unless it was among the last ones used. With `pool`, threads of it compute what may
    come next while the model computes how likely that is.

    Raises:
        BadConstraint: if the format cannot be enforced.
    """
    text = format if isinstance(format, str) else format.decode("utf-8", "replace")
    return Constraint(vocabulary, vocabulary.start(text), pool)


class Constraint:
    """What may come next in one reply. Ask `allowed` or `mask`, choose, tell `accept`, until `done`.

    Its methods are for one thread, whatever the threads of its pool do meanwhile.
    """

    def __init__(self, vocabulary: Vocabulary, compiled: Compiled, pool: Executor | None = None) -> None:
        self.vocabulary = vocabulary
        self._compiled = compiled
        self._pool = pool
        self._matcher = compiled.matcher
        grammar = compiled.grammar
        self._written = (
            Written(
                is_json=grammar.is_json,
                never_in_strings=grammar.never_in_strings,
                between=grammar.between,
                never=grammar.never,
            )
            if grammar.has_numbers
            else None
        )
        self._next: _Next | None = None
        """What may come next, once computed."""
        self._coming: Future[_Next] | None = None
        """The same while a thread of the pool is to compute it: until it has, nothing else may touch the matcher."""
        self._complete = self._is_complete()
        self._ended = False

    def fresh(self) -> "Constraint":
        """Return another one at the beginning of a reply; this one must be there, too."""
        self._settle()
        return Constraint(self.vocabulary, replace(self._compiled, matcher=self._matcher.deep_copy()), self._pool)

    @property
    def may_end(self) -> bool:
        """Whether the reply is complete as it is; tokens that end it are allowed exactly then."""
        self._settle()
        return self._ended or self._matcher.is_accepting()

    @property
    def done(self) -> bool:
        """Whether the reply is complete and nothing can be added: only a token that ends it is allowed."""
        return self._ended or self._complete

    def begin(self) -> None:
        """Have a thread of the pool compute what may come next, if that is not done yet; `accept` does it, too."""
        if self._pool is not None and self._next is None and self._coming is None and not self.done:
            self._coming = self._pool.submit(self._compute)

    def prepare(self) -> None:
        """Wait until it is known what may come next, or compute it: tenths of a millisecond for a large vocabulary.

        `allowed` and `mask` do it when nobody has.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        self._known()

    def allowed(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]":
        """Return for each token of the vocabulary whether it may come next. To be read, not changed.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        return self._known().allowed

    def mask(self, logits: Any) -> None:
        """Set the logits (a C array of floats, one per token) of what may not come next to minus infinity.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        import numpy

        most = self._known().most
        values = numpy.ctypeslib.as_array(logits, shape=(self.vocabulary.size,))
        numpy.minimum(values, most, out=values)

    def accept(self, token: int) -> None:
        """Go on with `token`, which was chosen.

        Raises:
            ConstraintFailed: if it may not come here.
        """
        self._settle()
        self._next = None
        if token in self.vocabulary.ends:
            if not self.may_end:
                raise ConstraintFailed("the reply ended before it was complete")
            self._ended = True
        elif self._ended or not self._matcher.consume_token(token):
            raise ConstraintFailed(f"token {token} may not come here: {explain(self._matcher) or 'the reply is over'}")
        elif self._written is not None:
            self._written.read(self.vocabulary.text(token))
        self._complete = self._is_complete()
        self.begin()

    def close(self) -> None:
        """Say that nobody will ask any more: what no thread of the pool has begun with is not computed."""
        if self._coming is not None:
            self._coming.cancel()

    def _known(self) -> "_Next":
        coming, self._coming = self._coming, None
        if self._next is None:
            # What no thread has begun with yet, because they are busy, is not waited for.
            self._next = self._compute() if coming is None or coming.cancel() else coming.result()
            self._complete = self._is_complete()
        return self._next

    def _settle(self) -> None:
        """See to it that no other thread is at the matcher."""
        coming, self._coming = self._coming, None
        if coming is not None and not coming.cancel():
            coming.exception()  # what went wrong does so again when it is asked for

    def _compute(self) -> "_Next":
        """Compute what may come next, most of the time without the GIL."""
        import numpy

        vocabulary, matcher = self.vocabulary, self._matcher
        bits = numpy.empty(vocabulary.mask_bytes, numpy.uint8)
        matcher.unsafe_compute_mask_ptr(bits.ctypes.data, bits.nbytes)
        if matcher.is_error() or (matcher.is_stopped() and not matcher.is_accepting()):
            raise ConstraintFailed(
                f"the reply cannot go on in its format: {explain(matcher) or 'nothing may come next'}"
            )
        allowed = numpy.unpackbits(bits, bitorder="little", count=vocabulary.size).view(numpy.bool_)
        for tokens in self._written.undesired(vocabulary) if self._written is not None else ():
            others = allowed.copy()
            others[tokens] = False
            if others.any():
                allowed = others
        return _Next(allowed)

    def _is_complete(self) -> bool:
        return self._matcher.is_stopped() and self._matcher.is_accepting()


class _Next:
    """What may come next: for each token whether it may, and the most that its logit may be."""

    def __init__(self, allowed: "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]") -> None:
        import numpy

        self.allowed = allowed
        # Infinity where it may, minus infinity where not, put together from their bits: `where` takes 20 times as long.
        bits = allowed.astype(numpy.uint32)
        bits <<= _SIGN_BIT
        bits ^= _MINUS_INFINITY
        self.most = bits.view(numpy.float32)


_SIGN_BIT = 31
_MINUS_INFINITY = 0xFF800000
"""The bits of a 32-bit float; infinity has the same but for the sign."""
