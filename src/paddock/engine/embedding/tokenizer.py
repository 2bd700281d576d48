"""From texts to tokens, no more than a context takes: alone, in windows, or as a pair of question and text."""

from collections.abc import Iterator

from paddock.engine.binding import Model
from paddock.engine.binding.embedding import has_word_pieces, rank_template, separator_between
from paddock.engine.embedding.wordpiece import WordPieces
from paddock.ipc import Embed, FailureKind

LONGEST_PIECE = 64
"""Characters that hardly any token exceeds: of a text that is far too long, the rest need not be read."""
PORTION = 1 << 14
"""Characters of a text in windows that are made tokens at once: of a whole library, only what is computed next."""


class TextRefused(Exception):
    """A text that cannot be embedded; the message is for the client."""

    def __init__(self, message: str, kind: FailureKind) -> None:
        super().__init__(message)
        self.kind = kind


def not_finite(number: int) -> TextRefused:
    """What is said of a text whose vector is no numbers."""
    return TextRefused(f"the model's vector of input {number} is not finite", "engine")


class EmbeddingTokenizer:
    """Makes texts into tokens as one model wants them."""

    def __init__(self, model: Model, context_length: int) -> None:
        """Take at most `context_length` tokens, or what the model was trained with if that is less."""
        self._model = model
        self._limit = context_length
        self._tokenize = WordPieces(model).tokenize if has_word_pieces(model) else model.tokenize
        around = self._tokenize("")
        tail = len(around) - bool(around and self._tokenize("a")[0] == around[0])
        self._before, self._after = around[: len(around) - tail], around[len(around) - tail :]
        self._asked: tuple[str, int, list[int]] = "", 0, []
        """The last question, its limit and its tokens."""

    def text(self, request: Embed, number: int) -> list[int]:
        """Return the tokens of a text of a request.

        Raises:
            TextRefused: if it has none, or has too many and may not be cut.
        """
        limit = self._limit_of(request)
        tokens = self._first_tokens(request.texts[number], limit)
        if not tokens:
            raise TextRefused(f"input {number} has no tokens", "invalid")
        return self._cut(tokens, limit, self._after, request)

    def windows(self, request: Embed, number: int) -> Iterator[tuple[list[int], bool]]:
        """Yield a text's tokens in windows as long as the context, and whether it was the last one.

        Each has around it what the model wants around a text. Of a very long text, tokens do not reach across the
        borders of portions; those are between words.

        Raises:
            TextRefused: if there are no tokens, or there is no room for any.
        """
        room = self._limit_of(request) - self.num_special_tokens
        if room < 1:
            raise TextRefused("the context is too small for any text", "invalid")
        held: list[int] = []
        for portion in portions(request.texts[number]):
            held += self._tokenize(portion, add_special=False)
            start = 0
            while len(held) - start > room:
                yield [*self._before, *held[start : start + room], *self._after], False
                start += room
            del held[:start]
        if not held and not self.num_special_tokens:
            raise TextRefused(f"input {number} has no tokens", "invalid")
        yield [*self._before, *held, *self._after], True

    @property
    def num_special_tokens(self) -> int:
        """Tokens that the model wants around each text."""
        return len(self._before) + len(self._after)

    def query_document_pair(self, request: Embed, number: int) -> tuple[list[int], int]:
        """Return the tokens of a request's question and one of its texts, as a model that ranks wants them.

        Beside them the index of the first that belongs to the text; 0 where a template makes one text of both.

        What is too long loses tokens at its end: the text if it is the longer one, then both alike.

        Raises:
            TextRefused: if it is too long and may not be cut.
        """
        question, text, limit = request.query or "", request.texts[number], self._limit_of(request)
        template = rank_template(self._model)
        if template is not None:
            before, _, after = template.partition("{document}")
            tail = self._tokenize(after, add_special=False)
            shown = text[: limit * LONGEST_PIECE]
            whole = before.replace("{query}", question[: limit * LONGEST_PIECE]) + shown + after
            return self._cut(self._tokenize(whole, add_special=False), limit, tail, request), 0
        if self._asked[:2] != (question, limit):
            self._asked = question, limit, self._first_tokens(question, limit, add_special=False)
        asked = self._asked[2]
        found = self._first_tokens(text, limit, add_special=False)
        between = [*self._after, *([] if has_word_pieces(self._model) else separator_between(self._model))]
        room = limit - len(self._before) - len(between) - len(self._after)
        if room < 2:
            raise TextRefused("the context is too small for a question and a text", "invalid")
        if len(asked) + len(found) > room:
            if not request.truncate:
                raise TextRefused("the input length exceeds the context length", "too_long")
            shorter = min(len(asked), len(found), room // 2)
            longer = room - shorter
            asked, found = (
                (asked[:shorter], found[:longer])
                if len(asked) <= len(found)
                else (
                    asked[:longer],
                    found[:shorter],
                )
            )
        first = [*self._before, *asked, *between]
        return [*first, *found, *self._after], len(first)

    def _cut(self, tokens: list[int], limit: int, tail: list[int], request: Embed) -> list[int]:
        """What the model wants after a text (BERT's [SEP]) comes after one that was cut, too."""
        if len(tokens) <= limit:
            return tokens
        if not request.truncate:
            raise TextRefused("the input length exceeds the context length", "too_long")
        return tokens[: max(limit - len(tail), 0)] + tokens[len(tokens) - min(len(tail), limit) :]

    def _first_tokens(self, text: str, limit: int, *, add_special: bool = True) -> list[int]:
        """All tokens of a text, or at least `limit` and one more if it has more."""
        enough = limit * LONGEST_PIECE
        tokens = self._tokenize(text[:enough], add_special=add_special)
        if len(tokens) <= limit and len(text) > enough:
            tokens = self._tokenize(text, add_special=add_special)
        return tokens

    def _limit_of(self, request: Embed) -> int:
        return min(request.num_ctx, self._model.train_context or 1 << 31) if request.num_ctx > 0 else self._limit


def portions(text: str) -> Iterator[str]:
    """Cut a text before white space, at least one portion however short."""
    start = 0
    while len(text) - start > PORTION:
        end = start + PORTION
        space = max(text.rfind(mark, start + 1, end) for mark in " \n\t")
        end = space if space > start else end
        yield text[start:end]
        start = end
    yield text[start:]
