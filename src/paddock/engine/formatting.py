"""A reply that is held to a format: from when on, how its tokens are chosen, and how formats get compiled."""

import logging
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from paddock.engine.binding import Context, Model, SamplerChain
from paddock.engine.constraints import BadConstraint, Constraint, Vocabulary, constraint
from paddock.ipc import Generate

log = logging.getLogger("paddock.engine")

POLL_SECONDS = 0.01
"""How long to sleep where there is nothing to do but to wait for a format: commands are seen after that."""


class FormattedReply:
    """Chooses the tokens of one reply. Its format holds from the beginning, or from where its thinking ends."""

    def __init__(self, model: Model, rules: Constraint, thinking: tuple[str, str] | None) -> None:
        """With `thinking`, the opening and closing tag, what stands between them is free.

        The opening tag is empty where the prompt ends with it; a reply that does not begin with it is held at once.
        """
        self._model = model
        self._rules = rules
        self._opening, self._closing = thinking or ("", "")
        self._begun = not self._opening
        self._held = thinking is None
        self._text = ""
        self.logits: Any = None
        """Those that the last token was chosen by, before what may not come was ruled out; if asked for."""

    @property
    def done(self) -> bool:
        """Whether nothing can be added."""
        return self._held and self._rules.done

    def sample(self, sampler: SamplerChain, context: Context, index: int, *, keep_logits: bool) -> int:
        """Choose the next token.

        Raises:
            ConstraintFailed: if the format can go no further.
        """
        if keep_logits:
            import numpy

            size = self._model.vocabulary_size
            self.logits = numpy.ctypeslib.as_array(context.logits(index), shape=(size,)).copy()
        if not self._held:
            token = sampler.sample(context, index)
            if self._is_thinking(token):
                return token
            self._held = True
        self._rules.mask(context.logits(index))
        token = sampler.sample(context, index)
        self._rules.accept(token)
        return token

    def _is_thinking(self, token: int) -> bool:
        """Whether a token that was chosen freely belongs to the thinking or its tags."""
        text = self._text + self._model.piece(token, special=True).decode("utf-8", "replace")
        if not self._begun:
            said = text.lstrip()
            if not (self._opening.startswith(said) or said.startswith(self._opening)) or self._model.ends_reply(token):
                return False
            self._begun = said.startswith(self._opening)
        self._held = self._closing in text
        self._text = text if not self._begun else text[-len(self._closing) :]
        return True


class Formats:
    """Compiles the formats of requests in a thread of its own: a large vocabulary takes a second, once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._vocabulary: Vocabulary | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._coming: deque[tuple[Generate, Future[Constraint]]] = deque()

    @property
    def busy(self) -> bool:
        """Whether a request waits for its format."""
        return bool(self._coming)

    def add(self, request: Generate) -> None:
        """Begin to compile the format of `request`."""
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="formats")
        self._coming.append((request, self._pool.submit(self._compile, request.format)))

    def cancel(self, request: int) -> None:
        """Forget a request."""
        for waiting in [w for w in self._coming if w[0].id == request]:
            waiting[1].cancel()
            self._coming.remove(waiting)

    def take(self, *, sleep: bool) -> list[tuple[Generate, Constraint | BadConstraint]]:
        """Return the requests whose formats are ready, each with what came of it; `sleep` a moment if there is none."""
        if sleep and self._coming:
            wait([self._coming[0][1]], POLL_SECONDS)
        ready: list[tuple[Generate, Constraint | BadConstraint]] = []
        while self._coming and self._coming[0][1].done():
            request, future = self._coming.popleft()
            try:
                ready.append((request, future.result()))
            except BadConstraint as error:
                ready.append((request, error))
            except Exception:  # one request's format must not end the runner for all
                log.exception("a format could not be compiled")
                ready.append((request, BadConstraint("the format cannot be compiled")))
        return ready

    def close(self) -> None:
        """End the thread."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _compile(self, format: str) -> Constraint:
        if self._vocabulary is None:
            self._vocabulary = Vocabulary(self._model)
        return constraint(self._vocabulary, format)
