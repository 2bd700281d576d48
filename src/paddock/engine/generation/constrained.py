"""A reply that is held to a format: from when on, how its tokens are chosen, and how formats get compiled."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from paddock.engine.binding import Context, Model, SamplerChain
from paddock.engine.constraints import BadConstraint, Constraint, ConstraintFailed, Vocabulary, constraint
from paddock.engine.ordered_executor import OrderedExecutor
from paddock.ipc import Generate, ThinkingTags

MASK_THREADS = 2
"""What computes masks beside the model: eight of them together take one thread a tenth of a step at most."""


ANSWER_TOKENS = 512
"""So many of the tokens of a reply, or a quarter of them if that is less, are kept for what follows its thinking."""


class FormattedReply:
    """Chooses the tokens of one reply. Its format holds from the beginning, or from where its thinking ends."""

    def __init__(self, model: Model, rules: Constraint, thinking: ThinkingTags | None, num_predict: int) -> None:
        """With `thinking`, what stands between those tags is free.

        A reply that does not begin with the first is held at once. Where the model would end its reply within the
        thinking, only the thinking ends. So it does where hardly enough of the `num_predict` tokens are left to
        answer: a model that turns in circles still answers.
        """
        self._model = model
        self._rules = rules
        opening, closing, written = thinking or ("", "", "")
        self._opening, self._closing = opening.encode(), closing
        self._written = (written or closing).encode()
        """What is written for the model to end its thinking."""
        self._thinks = thinking is not None and not opening
        self._may_think = num_predict - min(ANSWER_TOKENS, num_predict // 4) - self._tokens_to_close()
        """Tokens more, at most."""
        self._attempt = rules.fresh() if opening else None
        """The rules as long as the reply may be at the beginning of the opening tag as well."""
        self._undecided = bool(opening)
        self._said = b""
        """Of the opening tag."""
        self._text = ""
        """The end of the thinking, as long as its closing tag may be."""
        self._left = b""
        """Of `_written`, once that has begun."""
        self.logits: Any = None
        """Those that the last token was chosen by, before what may not come was ruled out; if asked for."""

    @property
    def done(self) -> bool:
        """Whether nothing can be added."""
        return not self._thinks and not self._undecided and self._rules.done

    def start(self) -> None:
        """Say that its prompt is being computed from now on: what it may begin with is found out meanwhile."""
        (self._attempt or self._rules).begin()

    def close(self) -> None:
        """Say that no more tokens will be chosen."""
        self._rules.close()
        if self._attempt is not None:
            self._attempt.close()

    def sample(self, sampler: SamplerChain, context: Context, index: int, *, keep_logits: bool) -> int:
        """Choose the next token.

        Raises:
            ConstraintFailed: if the format can go no further.
        """
        if keep_logits:
            import numpy

            size = self._model.vocabulary_size
            self.logits = numpy.ctypeslib.as_array(context.logits(index), shape=(size,)).copy()
        self._may_think -= 1
        if self._thinks:
            return self._think(sampler, context, index)
        if self._undecided:
            return self._begin(sampler, context, index)
        self._rules.mask(context.logits(index))
        token = sampler.sample(context, index)
        self._rules.accept(token)
        return token

    def _think(self, sampler: SamplerChain, context: Context, index: int) -> int:
        """Choose any token that does not end the reply; such a one, or the last one, begins the closing tag instead."""
        token = None if self._left or self._may_think < 0 else sampler.sample(context, index)
        if token is None or self._model.ends_reply(token):
            self._left = self._left or self._written
            tag = self._rules.vocabulary.prefixes(self._left)[-1:]
            if not tag:
                raise ConstraintFailed("no token goes on with the tag that closes the thinking")
            mask(context.logits(index), self._rules.vocabulary, None, tag)
            token = sampler.sample(context, index)
            self._left = self._left[len(self._model.piece(token, special=True)) :]
        text = self._text + self._model.piece(token, special=True).decode("utf-8", "replace")
        self._thinks = self._closing not in text
        self._text = text[-len(self._closing) :]
        return token

    def _tokens_to_close(self) -> int:
        """How many tokens end the thinking, if the longest ones are taken."""
        left, count = self._written, 0
        while left and (tokens := self._rules.vocabulary.prefixes(left)):
            left = left[len(self._model.piece(tokens[-1], special=True)) :]
            count += 1
        return count

    def _begin(self, sampler: SamplerChain, context: Context, index: int) -> int:
        """Choose a token that goes on with the opening tag, with the format, or with both as long as both may be."""
        attempt = self._attempt
        tag = self._rules.vocabulary.prefixes(self._opening[len(self._said) :])
        if attempt is None and not tag:
            raise ConstraintFailed("no token goes on with the tag that opens the thinking")
        mask(context.logits(index), self._rules.vocabulary, attempt, tag)
        token = sampler.sample(context, index)
        if token not in tag:
            assert attempt is not None
            attempt.accept(token)
            self._rules, self._undecided = attempt, False
            return token
        if attempt is not None and attempt.allowed()[token]:
            attempt.accept(token)
        else:
            self._attempt = None
        self._said += self._model.piece(token, special=True)
        if self._said == self._opening:
            self._undecided, self._thinks, self._text = False, True, self._said.decode()
        return token


def mask(logits: Any, vocabulary: Vocabulary, rules: Constraint | None, tokens: list[int]) -> None:
    """Set the logits of all tokens to minus infinity but of those that `rules` allow and of `tokens`."""
    import numpy

    allowed = rules.allowed().copy() if rules is not None else numpy.zeros(vocabulary.size, numpy.bool_)
    allowed[tokens] = True
    numpy.putmask(numpy.ctypeslib.as_array(logits, shape=(vocabulary.size,)), ~allowed, -numpy.inf)


class Formats:
    """Compiles the formats of requests in a thread of its own: a large vocabulary takes a second, once.

    Other threads, also made when they are needed, compute the masks of the replies.
    """

    def __init__(self, model: Model) -> None:
        self._model = model
        self._vocabulary: Vocabulary | None = None
        self._masks: ThreadPoolExecutor | None = None
        self._coming = OrderedExecutor[Generate, Constraint, BadConstraint](
            "formats", BadConstraint, "the format cannot be compiled"
        )

    @property
    def busy(self) -> bool:
        """Whether a request waits for its format."""
        return self._coming.busy

    def add(self, request: Generate) -> None:
        """Begin to compile the format of `request`."""
        if self._masks is None:
            self._masks = ThreadPoolExecutor(MASK_THREADS, thread_name_prefix="masks")
        self._coming.add(request, lambda _: self._compile(request.format))

    def cancel(self, request: int) -> None:
        """Forget a request."""
        self._coming.cancel(lambda asked: asked.id == request)

    def take(self, *, sleep: bool) -> list[tuple[Generate, Constraint | BadConstraint]]:
        """Return the requests whose formats are ready, each with what came of it; `sleep` a moment if there is none."""
        return self._coming.take(sleep=sleep)

    def close(self) -> None:
        """End the threads."""
        self._coming.close()
        if self._masks is not None:
            self._masks.shutdown(cancel_futures=True)

    def _compile(self, format: str) -> Constraint:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(self._model)
        return constraint(self._vocabulary, format, self._masks)
