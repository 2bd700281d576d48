"""Choosing the tokens of a reply that must match a constraint, and compiling constraints in the background."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from paddock.engine.binding import Context, LlamaModel, SamplerChain
from paddock.engine.constraints import BadConstraint, ConstraintFailed, GrammarCache, GrammarMatcher, TokenizerInfo
from paddock.engine.ordered_executor import OrderedExecutor
from paddock.ipc import Constraint, Generate, ThinkingTags

if TYPE_CHECKING:
    from paddock.engine.binding.context import Logits

MASK_THREADS = 2
"""Number of threads that compute masks beside the model. Eight replies take a tenth of a step of one thread at most."""

ANSWER_TOKENS = 512
"""Tokens of a reply that are kept for what follows its thinking, or a quarter of the reply's limit if that is less."""


class ConstrainedSampler:
    """Chooses the tokens of one reply. Its constraint holds from the beginning, or from where its thinking ends."""

    def __init__(
        self, model: LlamaModel, matcher: GrammarMatcher, thinking: ThinkingTags | None, num_predict: int
    ) -> None:
        """Start a reply of at most `num_predict` tokens. With `thinking`, text between those tags is unconstrained.

        A reply that does not begin with the opening tag is constrained at once. Where the model would end its reply
        within the thinking, only the thinking ends. The thinking also ends when few tokens are left for the answer, so
        that a model that thinks in circles still answers.
        """
        self._model = model
        self._matcher = matcher
        opening, closing, forced_closing = thinking or ("", "", "")
        self._opening, self._closing = opening.encode(), closing
        self._forced_closing = (forced_closing or closing).encode()
        """The text that the model is made to write to end its thinking."""
        self._thinks = thinking is not None and not opening
        self._thinking_left = num_predict - min(ANSWER_TOKENS, num_predict // 4) - self._tokens_to_close()
        """Most tokens before the thinking is closed by force."""
        self._undecided = bool(opening)
        """Whether the reply may still open the thinking."""
        self._fork = matcher.fork() if opening else None
        """While undecided, the matcher that follows the reply as if it did not; None once it cannot be the answer."""
        self._opened = b""
        """The part of the opening tag that the reply consists of, while undecided."""
        self._text = ""
        """The end of the thinking, as long as its closing tag may be."""
        self._closing_left = b""
        """The part of `_forced_closing` that is still to be written, once the thinking is being closed by force."""
        self.logits: Any = None
        """The logits by which the last token was chosen, before the constraint; kept if asked for."""

    @property
    def done(self) -> bool:
        """Whether the reply is complete and nothing can be added."""
        return not self._thinks and not self._undecided and self._matcher.done

    def precompute(self) -> None:
        """Have the first mask computed beside the prompt; call it when that starts to be computed."""
        (self._fork or self._matcher).precompute()

    def close(self) -> None:
        """Cancel pending computations; no more tokens will be chosen."""
        self._matcher.close()
        if self._fork is not None:
            self._fork.close()

    def sample(self, sampler: SamplerChain, context: Context, index: int, *, keep_logits: bool) -> int:
        """Choose the next token by the logits of the batch's token `index`.

        Raises:
            ConstraintFailed: if the reply cannot go on.
        """
        if keep_logits:
            self.logits = context.logits(index).copy()
        self._thinking_left -= 1
        if self._thinks:
            return self._sample_thinking(sampler, context, index)
        if self._undecided:
            return self._sample_undecided(sampler, context, index)
        self._matcher.mask_logits(context.logits(index))
        token = sampler.sample(context, index)
        self._matcher.accept(token)
        return token

    def _sample_thinking(self, sampler: SamplerChain, context: Context, index: int) -> int:
        """Choose any token, unless it would end the reply or the thinking is too long: then write the closing tag."""
        token = None if self._closing_left or self._thinking_left < 0 else sampler.sample(context, index)
        if token is None or self._model.ends_reply(token):
            self._closing_left = self._closing_left or self._forced_closing
            tag = self._matcher.tokens.prefixes(self._closing_left)[-1:]
            if not tag:
                raise ConstraintFailed("no token goes on with the tag that closes the thinking")
            mask(context.logits(index), self._matcher.tokens, None, tag)
            token = sampler.sample(context, index)
            self._closing_left = self._closing_left[len(self._model.piece(token, special=True)) :]
        text = self._text + self._model.piece(token, special=True).decode("utf-8", "replace")
        self._thinks = self._closing not in text
        self._text = text[-len(self._closing) :]
        return token

    def _tokens_to_close(self) -> int:
        """Return how many tokens it takes to close the thinking by force."""
        left, count = self._forced_closing, 0
        while left and (tokens := self._matcher.tokens.prefixes(left)):
            left = left[len(self._model.piece(tokens[-1], special=True)) :]
            count += 1
        return count

    def _sample_undecided(self, sampler: SamplerChain, context: Context, index: int) -> int:
        """Choose a token that continues the opening tag, or the answer, or both."""
        fork = self._fork
        tag = self._matcher.tokens.prefixes(self._opening[len(self._opened) :])
        if fork is None and not tag:
            raise ConstraintFailed("no token goes on with the tag that opens the thinking")
        mask(context.logits(index), self._matcher.tokens, fork, tag)
        token = sampler.sample(context, index)
        if token not in tag:
            assert fork is not None
            fork.accept(token)
            self._matcher, self._undecided = fork, False
            return token
        if fork is not None and fork.allowed_tokens()[token]:
            fork.accept(token)
        else:
            self._fork = None
        self._opened += self._model.piece(token, special=True)
        if self._opened == self._opening:
            self._undecided, self._thinks, self._text = False, True, self._opened.decode()
        return token


def mask(logits: "Logits", tokenizer: TokenizerInfo, matcher: GrammarMatcher | None, tokens: list[int]) -> None:
    """Set all logits to minus infinity but those of `tokens` and of the tokens that `matcher` allows."""
    import numpy

    allowed = matcher.allowed_tokens().copy() if matcher is not None else numpy.zeros(tokenizer.size, numpy.bool_)
    allowed[tokens] = True
    numpy.putmask(logits, ~allowed, -numpy.inf)


class GrammarCompiler:
    """Compiles the constraints of requests in a thread: preparing a large vocabulary takes a second, once.

    Further threads, which the first constraint starts, compute the masks of replies.
    """

    def __init__(self, model: LlamaModel, notify: Callable[[], None]) -> None:
        """Call `notify` from the worker thread whenever a constraint is ready."""
        self._model = model
        self._cache: GrammarCache | None = None
        self._masks: ThreadPoolExecutor | None = None
        self._coming = OrderedExecutor[Generate, GrammarMatcher, BadConstraint](
            "grammars", BadConstraint, "the format cannot be compiled", notify
        )

    def add(self, request: Generate, constraint: Constraint) -> None:
        """Start to compile the constraint of `request`."""
        if self._masks is None:
            self._masks = ThreadPoolExecutor(MASK_THREADS, thread_name_prefix="masks")
        self._coming.add(request, lambda _: self._compile(constraint))

    def cancel(self, request: int) -> None:
        """Forget the request of this id."""
        self._coming.cancel(lambda waiting: waiting.id == request)

    def take(self) -> list[tuple[Generate, GrammarMatcher | BadConstraint]]:
        """Return the requests whose constraints are ready, each with a matcher or an error."""
        return self._coming.take()

    def close(self) -> None:
        """End the threads."""
        self._coming.close()
        if self._masks is not None:
            self._masks.shutdown(cancel_futures=True)

    def _compile(self, constraint: Constraint) -> GrammarMatcher:
        if self._cache is None:
            self._cache = GrammarCache(TokenizerInfo(self._model))
        return GrammarMatcher(self._cache.tokens, self._cache.get(constraint), self._masks)
