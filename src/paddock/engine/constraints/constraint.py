"""The state of one reply that is held to a format: which token may come next."""

from typing import TYPE_CHECKING, Any

from paddock.engine.constraints.digits import DigitCount
from paddock.engine.constraints.errors import ConstraintFailed
from paddock.engine.constraints.vocabulary import Compiled, Vocabulary, explain

if TYPE_CHECKING:
    import numpy


def constraint(vocabulary: Vocabulary, format: bytes | str) -> "Constraint":
    """Begin a reply in `format`, a JSON text as `paddock.engine.constraints.grammar` describes it.

    Compiles it, in milliseconds, unless it was among the last ones used.

    Raises:
        BadConstraint: if the format cannot be enforced.
    """
    text = format if isinstance(format, str) else format.decode("utf-8", "replace")
    return Constraint(vocabulary, vocabulary.start(text))


class Constraint:
    """What may come next in one reply. Ask `allowed` or `mask`, choose, tell `accept`, until `done`."""

    def __init__(self, vocabulary: Vocabulary, compiled: Compiled) -> None:
        import numpy

        self._vocabulary = vocabulary
        self._matcher = compiled.matcher
        self._digits = DigitCount() if compiled.is_json else None
        self._bits = numpy.zeros(vocabulary.mask_bytes, numpy.uint8)
        self._address = self._bits.ctypes.data
        self._computed = False
        self._ended = False

    @property
    def may_end(self) -> bool:
        """Whether the reply is complete as it is; tokens that end it are allowed exactly then."""
        return self._ended or self._matcher.is_accepting()

    @property
    def done(self) -> bool:
        """Whether the reply is complete and nothing can be added: only a token that ends it is allowed."""
        return self._ended or (self._matcher.is_stopped() and self._matcher.is_accepting())

    def prepare(self) -> None:
        """Compute what may come next, if that is not done yet: tens of microseconds, the GIL released.

        `allowed` and `mask` do it when nobody has; it may run in another thread after `accept`, beside the next step.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        if self._computed:
            return
        self._matcher.unsafe_compute_mask_ptr(self._address, self._bits.nbytes)
        self._check()
        self._computed = True

    def allowed(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]":
        """Return for each token of the vocabulary whether it may come next.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        import numpy

        self.prepare()
        allowed = numpy.unpackbits(self._bits, bitorder="little", count=self._vocabulary.size).view(numpy.bool_)
        if self._digits is not None and self._digits.enough:
            others = allowed & ~self._vocabulary.digits
            return others if others.any() else allowed
        return allowed

    def mask(self, logits: Any) -> None:
        """Set the logits (a C array of floats, one per token) of what may not come next to minus infinity.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        import numpy

        values = numpy.ctypeslib.as_array(logits, shape=(self._vocabulary.size,))
        numpy.putmask(values, ~self.allowed(), -numpy.inf)

    def accept(self, token: int) -> None:
        """Go on with `token`, which was chosen.

        Raises:
            ConstraintFailed: if it may not come here.
        """
        self._computed = False
        if token in self._vocabulary.ends:
            if not self.may_end:
                raise ConstraintFailed("the reply ended before it was complete")
            self._ended = True
        elif self._ended or not self._matcher.consume_token(token):
            raise ConstraintFailed(f"token {token} may not come here: {explain(self._matcher) or 'the reply is over'}")
        elif self._digits is not None:
            self._digits.read(self._vocabulary.texts[token])

    def _check(self) -> None:
        matcher = self._matcher
        if matcher.is_error() or (matcher.is_stopped() and not matcher.is_accepting()):
            raise ConstraintFailed(
                f"the reply cannot go on in its format: {explain(matcher) or 'nothing may come next'}"
            )
