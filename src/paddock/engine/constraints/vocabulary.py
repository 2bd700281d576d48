"""A model's tokens as the library of grammars needs them, and the grammars compiled for them."""

import json
import re
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from paddock.engine.binding import Model
from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.grammar import Grammar, read_format

if TYPE_CHECKING:
    import numpy
    from llguidance import LLMatcher

KEPT = 32
"""Compiled grammars kept, the latest used: some hundred kilobytes each, a few milliseconds to make anew."""

MAX_LEXER_STATES = 50_000
"""Of one grammar, 1 to 2 kB each: a reply that needs more of them fails rather than eating the memory."""

TEXT_FUEL = 50_000_000
"""What a step of a grammar with free text in it may cost in the library's measure: a second. Usual steps of it take
milliseconds, but the first ones of a text that has a length and may not hold some others come to some millions."""

BLAME_AT_MOST = 100
"""Parts of a schema that are compiled on their own to find the one that is at fault."""

TOO_DEEP = "it is nested too deeply"
"""The library reads 128 levels of JSON: some 60 objects in objects."""

TOP = '%llguidance {"no_forcing": true}\nstart: @inner'
"""Around every grammar: the model chooses among all spellings of what must come next. Otherwise the library would want
to tokenize forced text in the model's way, by calling back."""

DIGITS = b"0123456789"
_LONG_EXPONENT = re.compile(rb"[eE][+-]?[0-9]{3}")


@dataclass(frozen=True)
class Compiled:
    """A grammar in the library's form, at the beginning of a reply."""

    matcher: "LLMatcher"
    grammar: Grammar


class Vocabulary:
    """The tokens of a model, prepared once: half a second and 60 MB for 128 thousand of them.

    Formats are compiled by one thread at a time; what masks are made of may be asked for by several.
    """

    def __init__(self, model: Model) -> None:
        from llguidance import LLParserLimits, LLTokenizer, TokenizerWrapper

        self.size = model.vocabulary_size
        self.ends = frozenset(t for t in range(self.size) if model.ends_reply(t))
        # Control tokens have no text, and what has none has no place in any grammar.
        self.texts = [b"" if t in self.ends else model.piece(t) for t in range(self.size)]
        silent = (t for t in range(self.size) if not self.texts[t] and t not in self.ends)
        self._controls = {text: t for t in silent if (text := model.piece(t, special=True).decode("utf-8", "ignore"))}
        # The library needs a token that ends. One more than there are has no logit: such a reply ends when it is done.
        ends = sorted(self.ends) or [self.size]
        tokens = _Tokens([*self.texts, b""], ends[0])
        self._tokenizer = LLTokenizer(TokenizerWrapper(tokens), eos_token=ends)
        self._containing: dict[bytes, list[int]] = {}
        make_limits = partial(LLParserLimits, max_lexer_states=MAX_LEXER_STATES, verbose_errors=False)
        self._limits = make_limits()
        self._text_limits = make_limits(initial_lexer_fuel=TEXT_FUEL, step_lexer_fuel=TEXT_FUEL)
        self._compiled: OrderedDict[str, Compiled] = OrderedDict()

    def text(self, token: int) -> bytes:
        """Return the text of a token; that of a control token, too."""
        return self.texts[token] or self._control_texts.get(token, b"")

    @property
    def mask_bytes(self) -> int:
        """Bytes of a mask with a bit per token, in whole 32-bit words."""
        return (self._tokenizer.vocab_size + 31) // 32 * 4

    @cached_property
    def leading_digits(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.uint8]]":
        """For each token how many digits it begins with."""
        import numpy

        runs = [len(t) - len(t.lstrip(DIGITS)) if t[:1].isdigit() else 0 for t in self.texts]
        return numpy.array(runs).clip(max=255).astype(numpy.uint8)

    @cached_property
    def long_exponents(self) -> list[int]:
        """Tokens with an exponent of three digits or more."""
        return [t for t, text in enumerate(self.texts) if _LONG_EXPONENT.search(text)]

    @cached_property
    def characters(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.uint16]]":
        """For each token how many characters it has; what goes on with one that others began counts none."""
        import numpy

        return numpy.array([sum(byte & 0xC0 != 0x80 for byte in text) for text in self.texts]).astype(numpy.uint16)

    @cached_property
    def most_characters(self) -> int:
        """How many the longest token has."""
        return int(self.characters.max())

    @cached_property
    def ending_lines(self) -> "numpy.ndarray[Any, numpy.dtype[numpy.bool_]]":
        """For each token whether it ends with a line end."""
        import numpy

        return numpy.array([text.endswith(b"\n") for text in self.texts])

    def on_the_way_to(self, text: bytes) -> list[int]:
        """Return the tokens that `text` begins with, control tokens among them, and those that begin with it."""
        return [*self.prefixes(text), *self.beginning_with(text)]

    def prefixes(self, text: bytes) -> list[int]:
        """Return the tokens, control tokens among them, whose text `text` begins with."""
        begun = (text[: length + 1] for length in range(len(text)))
        return [self._by_text[piece] for piece in begun if piece in self._by_text]

    def beginning_with(self, text: bytes) -> list[int]:
        """Return the tokens whose text begins with `text`."""
        first = bisect_left(self._order, text, key=self.texts.__getitem__)
        return list(takewhile(lambda t: self.texts[t].startswith(text), islice(self._order, first, None)))

    def containing(self, text: bytes) -> list[int]:
        """Return the tokens whose text contains `text`."""
        found = self._containing.get(text)
        if found is None:
            found = self._containing[text] = [t for t, piece in enumerate(self.texts) if text in piece]
        return found

    @cached_property
    def _control_texts(self) -> dict[int, bytes]:
        return {token: text.encode() for text, token in self._controls.items()}

    @cached_property
    def _by_text(self) -> dict[bytes, int]:
        controls = {text: token for token, text in self._control_texts.items()}
        return {piece: t for t, piece in enumerate(self.texts)} | controls

    @cached_property
    def _order(self) -> list[int]:
        return sorted(range(self.size), key=self.texts.__getitem__)

    def start(self, text: str) -> "Compiled":
        """Return the beginning of a reply in the format `text`.

        Raises:
            BadConstraint: if the format cannot be enforced.
        """
        compiled = self._compiled.get(text)
        if compiled is None:
            grammar = read_format(text, self._controls)
            compiled = self._compiled[text] = Compiled(self._compile(grammar), grammar)
            if len(self._compiled) > KEPT:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(text)
        return replace(compiled, matcher=compiled.matcher.deep_copy())

    def _compile(self, grammar: Grammar) -> "LLMatcher":
        matcher = self._matcher(grammar.library_form(), has_text=grammar.has_text)
        reason = _fault(matcher)
        if not reason:
            return matcher
        where = "the format"
        if reason != TOO_DEEP:
            guilty = (p for p, i in islice(grammar.parts(), BLAME_AT_MOST) if _fault(self._part(i)) == reason)
            where = next((f"the schema at {place}" for place in guilty), where)
        raise BadConstraint(f"{where} cannot be enforced: {reason}")

    def _part(self, inner: dict[str, Any]) -> "LLMatcher":
        return self._matcher([{"name": "inner", **inner}])

    def _matcher(self, grammars: list[dict[str, Any]], *, has_text: bool = False) -> "LLMatcher":
        from llguidance import LLMatcher

        text = json.dumps({"grammars": [{"name": "top", "lark_grammar": TOP}, *grammars]})
        return LLMatcher(self._tokenizer, text, log_level=0, limits=self._text_limits if has_text else self._limits)


class _Tokens:
    """What the library reads of a tokenizer."""

    bos_token_id = None
    special_token_ids: tuple[int, ...] = ()

    def __init__(self, tokens: list[bytes], end: int) -> None:
        self.tokens = tokens
        self.eos_token_id = end

    def __call__(self, text: bytes) -> list[int]:
        """Would tokenize what is forced, which `TOP` turns off."""
        return []


def _fault(matcher: "LLMatcher") -> str:
    """Say why no reply can be written with `matcher`, in a line; empty if one can."""
    if not matcher.is_error():
        matcher.compute_bitmask()
        if matcher.is_stopped() and not matcher.is_accepting():
            return "nothing can satisfy it"
    return explain(matcher)


def explain(matcher: "LLMatcher") -> str:
    """Return the library's error as one line; empty if there is none."""
    if not matcher.is_error():
        return ""
    lines = [line.strip() for line in matcher.get_error().splitlines()] or ["unknown error"]
    if lines[0].startswith("panic"):
        return "the grammar is not understood"
    if "recursion limit" in lines[0]:
        return TOO_DEEP
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (told or lines)[0][:300]
