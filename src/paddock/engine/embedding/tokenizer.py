"""Tokenize texts to embed, no more than a context holds: whole, in windows, or as query–document pairs."""

from collections.abc import Iterator

from paddock.engine.binding import LlamaModel
from paddock.engine.binding.embedding import has_word_pieces, rank_template, separator_between
from paddock.engine.config import EmbeddingConfig
from paddock.engine.embedding.wordpiece import WordPieces
from paddock.ipc import Embed, FailureKind

MAX_TOKEN_CHARACTERS = 64
"""Hardly any token is longer, so the rest of a text that is far too long need not be tokenized."""


class TextRefused(Exception):
    """A text cannot be embedded; the message is for the client."""

    def __init__(self, message: str, kind: FailureKind) -> None:
        super().__init__(message)
        self.kind = kind


def not_finite(number: int) -> TextRefused:
    """Return the error for a text whose vector has infinities or NaN."""
    return TextRefused(f"the model's vector of input {number} is not finite", "engine")


class EmbeddingTokenizer:
    """Tokenizes texts for one model."""

    def __init__(self, model: LlamaModel, context_length: int, config: EmbeddingConfig) -> None:
        """Return at most `context_length` tokens for a text, where a request does not say."""
        self._model = model
        self._limit = context_length
        self._portion = config.portion_characters
        self._tokenize = (
            WordPieces(model, config.max_cached_words).tokenize if has_word_pieces(model) else model.tokenize
        )
        around = self._tokenize("")
        tail = len(around) - bool(around and self._tokenize("a")[0] == around[0])
        self._before, self._after = around[: len(around) - tail], around[len(around) - tail :]
        self._query: tuple[str, int, list[int]] = "", 0, []
        """The last query, its limit and its tokens."""

    def text(self, request: Embed, number: int) -> list[int]:
        """Return the tokens of one text of a request.

        Raises:
            TextRefused: if there are no tokens, or too many of them and the text may not be truncated.
        """
        limit = self._limit_of(request)
        tokens = self._first_tokens(request.texts[number], limit)
        if not tokens:
            raise TextRefused(f"input {number} has no tokens", "invalid")
        return self._truncate(tokens, limit, self._after, request)

    def windows(self, request: Embed, number: int) -> Iterator[tuple[list[int], bool]]:
        """Yield the tokens of a text in windows as long as the context, each with whether it is the last one.

        Each window has the model's special tokens around it. A very long text is tokenized in portions, which end
        between words.

        Raises:
            TextRefused: if there are no tokens, or no room for any.
        """
        room = self._limit_of(request) - self.num_special_tokens
        if room < 1:
            raise TextRefused("the context is too small for any text", "invalid")
        held: list[int] = []
        for portion in portions(request.texts[number], self._portion):
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
        """Number of special tokens around each text."""
        return len(self._before) + len(self._after)

    def query_document_pair(self, request: Embed, number: int) -> tuple[list[int], int]:
        """Return the tokens of a query–document pair, and the index of the document's first token.

        The query is that of the request, the document one of its texts. The index is 0 where the model has a template
        that makes one text of both. A pair that is too long is truncated: the longer one first, then both alike.

        Raises:
            TextRefused: if the pair is too long and may not be truncated.
        """
        query, text, limit = request.query or "", request.texts[number], self._limit_of(request)
        template = rank_template(self._model)
        if template is not None:
            before, _, after = template.partition("{document}")
            tail = self._tokenize(after, add_special=False)
            shown = text[: limit * MAX_TOKEN_CHARACTERS]
            whole = before.replace("{query}", query[: limit * MAX_TOKEN_CHARACTERS]) + shown + after
            return self._truncate(self._tokenize(whole, add_special=False), limit, tail, request), 0
        if self._query[:2] != (query, limit):
            self._query = query, limit, self._first_tokens(query, limit, add_special=False)
        query_tokens = self._query[2]
        document = self._first_tokens(text, limit, add_special=False)
        between = [*self._after, *([] if has_word_pieces(self._model) else separator_between(self._model))]
        room = limit - len(self._before) - len(between) - len(self._after)
        if room < 2:
            raise TextRefused("the context is too small for a question and a text", "invalid")
        if len(query_tokens) + len(document) > room:
            if not request.truncate:
                raise TextRefused("the input length exceeds the context length", "too_long")
            shorter = min(len(query_tokens), len(document), room // 2)
            longer = room - shorter
            is_shorter = len(query_tokens) <= len(document)
            query_tokens = query_tokens[: shorter if is_shorter else longer]
            document = document[: longer if is_shorter else shorter]
        first = [*self._before, *query_tokens, *between]
        return [*first, *document, *self._after], len(first)

    def _truncate(self, tokens: list[int], limit: int, tail: list[int], request: Embed) -> list[int]:
        """Truncate tokens to `limit`, but keep the special tokens at the end (BERT's [SEP])."""
        if len(tokens) <= limit:
            return tokens
        if not request.truncate:
            raise TextRefused("the input length exceeds the context length", "too_long")
        return tokens[: max(limit - len(tail), 0)] + tokens[len(tokens) - min(len(tail), limit) :]

    def _first_tokens(self, text: str, limit: int, *, add_special: bool = True) -> list[int]:
        """Return all tokens of a text, or at least `limit` + 1 of them if it has more than `limit`."""
        enough = limit * MAX_TOKEN_CHARACTERS
        tokens = self._tokenize(text[:enough], add_special=add_special)
        if len(tokens) <= limit and len(text) > enough:
            tokens = self._tokenize(text, add_special=add_special)
        return tokens

    def _limit_of(self, request: Embed) -> int:
        return min(request.num_ctx, self._model.train_context or 1 << 31) if request.num_ctx > 0 else self._limit


def portions(text: str, characters: int) -> Iterator[str]:
    """Yield a text in portions of at most `characters`, cut before white space where possible; at least one."""
    start = 0
    while len(text) - start > characters:
        end = start + characters
        space = max(text.rfind(blank, start + 1, end) for blank in " \n\t")
        end = space if space > start else end
        yield text[start:end]
        start = end
    yield text[start:]
