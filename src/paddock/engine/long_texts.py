"""Tokenizing texts: a short one at once, a long one in a thread, since that takes seconds for some megabytes.

The replies of other requests go on meanwhile: llama.cpp's tokenizer runs without the GIL.
"""

from collections.abc import Callable

from paddock.engine.binding import LlamaModel
from paddock.engine.constraints import BadConstraint, GrammarMatcher
from paddock.engine.ordered_executor import OrderedExecutor
from paddock.ipc import Generate, Tokenize

LONG_TEXT = 50_000
"""Bytes, about, that are tokenized in a thread: they take some 50 ms, a few steps of a small model."""
BYTES_PER_TOKEN = 4
"""What a token of an earlier exchange counts as."""


class TextFailed(Exception):
    """A text could not be tokenized."""


class Tokenizing:
    """The texts of requests, and the thread that tokenizes the long ones."""

    def __init__(self, model: LlamaModel, notify: Callable[[], None]) -> None:
        """Call `notify` from the thread whenever a text is ready to be taken."""
        self._model = model
        self._thread: OrderedExecutor[
            tuple[Generate | Tokenize, GrammarMatcher | BadConstraint | None], list[int], TextFailed
        ] = OrderedExecutor("texts", TextFailed, "the text could not be tokenized", notify)

    def tokens(self, request: Generate | Tokenize) -> list[int]:
        """Return the tokens of a request's text, behind that of its earlier exchange."""
        before = self.text_of(request.context)
        if isinstance(request, Tokenize):
            return self._model.tokenize(before + request.text, add_special=request.add_special)
        return self._model.tokenize(before + request.prompt)

    def is_long(self, request: Generate | Tokenize) -> bool:
        """Return whether a request's text is to be tokenized in the thread."""
        text = request.text if isinstance(request, Tokenize) else request.prompt
        return len(text) + BYTES_PER_TOKEN * len(request.context) > LONG_TEXT

    def add(self, request: Generate | Tokenize, matcher: GrammarMatcher | BadConstraint | None = None) -> None:
        """Have a request's text tokenized in the thread; `take` hands it out with `matcher`."""
        self._thread.add((request, matcher), lambda _: self.tokens(request))

    def take(
        self,
    ) -> list[tuple[tuple[Generate | Tokenize, GrammarMatcher | BadConstraint | None], list[int] | TextFailed]]:
        """Remove and return the requests whose text is ready, in their order."""
        return self._thread.take()

    def cancel(self, number: int) -> None:
        """Forget the request of this id."""
        self._thread.cancel(lambda waiting: waiting[0].id == number)

    def close(self) -> None:
        """Forget all requests and wait for the thread, which may use the model."""
        self._thread.close()

    def text_of(self, context: tuple[int, ...]) -> str:
        """Return the text of an earlier exchange; skip numbers that are not tokens of this model."""
        size = self._model.vocabulary_size
        return self._model.text([t for t in context if 0 <= t < size], special=True) if context else ""
