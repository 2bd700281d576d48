"""A model's tokens as llguidance and the rules of a reply need them."""

import re
from bisect import bisect_left
from functools import cached_property
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from paddock.engine.binding import LlamaModel

if TYPE_CHECKING:
    import numpy
    from llguidance import LLTokenizer

DIGITS = b"0123456789"
_LONG_EXPONENT = re.compile(rb"[eE][+-]?[0-9]{3}")


class TokenizerInfo:
    """The texts of a model's tokens, and tables of them.

    Made once per model: half a second and 60 MB for 128 thousand tokens. Several threads may read it.
    """

    def __init__(self, model: LlamaModel) -> None:
        self.size = model.vocabulary_size
        """Number of tokens."""
        self.end_tokens = frozenset(t for t in range(self.size) if model.ends_reply(t))
        """Tokens that end a reply."""
        # Control tokens have no text here, and a token without text has no place in any grammar.
        self.texts = [b"" if t in self.end_tokens else model.piece(t) for t in range(self.size)]
        """Text of each token; empty for control tokens and those that end a reply."""
        silent = (t for t in range(self.size) if not self.texts[t] and t not in self.end_tokens)
        self.controls = {text: t for t in silent if (text := model.piece(t, special=True).decode("utf-8", "ignore"))}
        """Control tokens by their texts."""
        self.library_tokenizer = _library_tokenizer(self.texts, self.end_tokens)
        """The same for llguidance."""
        self._containing: dict[bytes, list[int]] = {}

    @property
    def mask_bytes(self) -> int:
        """Size of a mask with a bit per token, in whole 32-bit words."""
        return (self.library_tokenizer.vocab_size + 31) // 32 * 4

    def text(self, token: int) -> bytes:
        """Return the text of a token, control tokens included."""
        return self.texts[token] or self._control_texts.get(token, b"")

    @cached_property
    def leading_digits(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.uint8]]":
        """Number of digits that each token begins with, at most 255; shape (size,)."""
        import numpy

        runs = [len(t) - len(t.lstrip(DIGITS)) if t[:1].isdigit() else 0 for t in self.texts]
        return numpy.array(runs).clip(max=255).astype(numpy.uint8)

    @cached_property
    def long_exponents(self) -> list[int]:
        """Tokens that contain an exponent of three digits or more."""
        return [t for t, text in enumerate(self.texts) if _LONG_EXPONENT.search(text)]

    @cached_property
    def characters(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.uint16]]":
        """Number of characters that begin in each token; shape (size,)."""
        import numpy

        return numpy.array([sum(byte & 0xC0 != 0x80 for byte in text) for text in self.texts]).astype(numpy.uint16)

    @cached_property
    def max_characters(self) -> int:
        """Number of characters of the longest token."""
        return int(self.characters.max())

    @cached_property
    def ending_lines(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]":
        """Whether each token ends with a new line; shape (size,)."""
        import numpy

        return numpy.array([text.endswith(b"\n") for text in self.texts])

    def leading_to(self, text: bytes) -> list[int]:
        """Return the tokens that are prefixes of `text`, control tokens included, and those that start with it."""
        return [*self.prefixes(text), *self.starting_with(text)]

    def prefixes(self, text: bytes) -> list[int]:
        """Return the tokens that are prefixes of `text`, control tokens included, shortest first."""
        begun = (text[: length + 1] for length in range(len(text)))
        return [self._by_text[piece] for piece in begun if piece in self._by_text]

    def starting_with(self, text: bytes) -> list[int]:
        """Return the tokens whose text starts with `text`."""
        first = bisect_left(self._sorted, text, key=self.texts.__getitem__)
        return list(takewhile(lambda t: self.texts[t].startswith(text), islice(self._sorted, first, None)))

    def containing(self, text: bytes) -> list[int]:
        """Return the tokens whose text contains `text`."""
        found = self._containing.get(text)
        if found is None:
            found = self._containing[text] = [t for t, piece in enumerate(self.texts) if text in piece]
        return found

    @cached_property
    def _control_texts(self) -> dict[int, bytes]:
        return {token: text.encode() for text, token in self.controls.items()}

    @cached_property
    def _by_text(self) -> dict[bytes, int]:
        controls = {text: token for token, text in self._control_texts.items()}
        return {piece: t for t, piece in enumerate(self.texts)} | controls

    @cached_property
    def _sorted(self) -> list[int]:
        """Tokens in the order of their texts."""
        return sorted(range(self.size), key=self.texts.__getitem__)


def _library_tokenizer(texts: list[bytes], end_tokens: frozenset[int]) -> "LLTokenizer":
    from llguidance import LLTokenizer, TokenizerWrapper

    # llguidance requires a token that ends a reply. A model without one gets a token beyond its last, which has no
    # logit: its replies end when nothing can be added.
    ends = sorted(end_tokens) or [len(texts)]
    return LLTokenizer(TokenizerWrapper(_Tokens([*texts, b""], ends[0])), eos_token=ends)


class _Tokens:
    """The interface of a tokenizer that llguidance reads."""

    bos_token_id = None
    special_token_ids: tuple[int, ...] = ()

    def __init__(self, tokens: list[bytes], end: int) -> None:
        self.tokens = tokens
        self.eos_token_id = end

    def __call__(self, text: bytes) -> list[int]:
        """Return no tokens: llguidance tokenizes only forced text, which grammars turn off (see `grammar_cache`)."""
        return []
