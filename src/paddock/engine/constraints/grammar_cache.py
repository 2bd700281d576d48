"""Constraints compiled for the tokens of one model."""

import json
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any

from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.grammar import ReplyGrammar, grammar_of
from paddock.engine.constraints.tokenizer_info import TokenizerInfo
from paddock.ipc import Constraint

if TYPE_CHECKING:
    from llguidance import LLMatcher

CACHED_GRAMMARS = 32
"""Number of compiled grammars that are kept, the last used: some hundred kilobytes each, a few milliseconds to
compile."""

MAX_LEXER_STATES = 50_000
"""Most lexer states of one grammar, 1 to 2 kB each: a reply that needs more fails rather than exhaust the memory."""

TEXT_LEXER_FUEL = 50_000_000
"""Most work, in llguidance's unit, that one token of a grammar with free text may take: a second. Usual tokens take
milliseconds, but the first ones of a text with a length limit and excluded texts take some millions of units."""

MAX_BLAMED = 100
"""Most subschemas that are compiled one by one to find the one that is at fault."""

BLAME_SECONDS = 1.0
"""Seconds after which no more of them are tried."""

TOO_DEEP = "it is nested too deeply"
"""The reason for a schema of more than 128 levels of JSON, llguidance's limit: some 60 objects in objects."""

TOP = '%llguidance {"no_forcing": true}\nstart: @inner'
"""The rule around every grammar. It has the model choose among all spellings of a forced text; llguidance would
otherwise call back to have forced text tokenized in the model's usual way."""


@dataclass(frozen=True)
class CompiledGrammar:
    """A compiled grammar, with a matcher at the beginning of a reply."""

    matcher: "LLMatcher"
    """Copied for each reply, never used itself."""
    grammar: ReplyGrammar


class GrammarCache:
    """Compiles constraints and keeps the ones last used. Several threads may compile at once."""

    def __init__(self, tokens: TokenizerInfo) -> None:
        from llguidance import LLParserLimits

        self.tokens = tokens
        make_limits = partial(LLParserLimits, max_lexer_states=MAX_LEXER_STATES, verbose_errors=False)
        self._limits = make_limits()
        self._text_limits = make_limits(initial_lexer_fuel=TEXT_LEXER_FUEL, step_lexer_fuel=TEXT_LEXER_FUEL)
        self._compiled: OrderedDict[Constraint, CompiledGrammar] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, constraint: Constraint) -> CompiledGrammar:
        """Return the compiled grammar of `constraint`; compile it, in milliseconds, if it is not in the cache.

        Raises:
            BadConstraint: if it cannot be enforced.
        """
        with self._lock:
            compiled = self._compiled.get(constraint)
            if compiled is not None:
                self._compiled.move_to_end(constraint)
                return compiled
        grammar = grammar_of(constraint, self.tokens.controls)
        compiled = CompiledGrammar(self._compile(grammar), grammar)
        with self._lock:
            self._compiled[constraint] = compiled
            if len(self._compiled) > CACHED_GRAMMARS:
                self._compiled.popitem(last=False)
        return compiled

    def _compile(self, grammar: ReplyGrammar) -> "LLMatcher":
        matcher = self._matcher(grammar.library_form(), has_text=grammar.has_text)
        reason = _fault(matcher)
        if not reason:
            return matcher
        where = "the format"
        if reason != TOO_DEEP:
            started = time.monotonic()
            subschemas = takewhile(
                lambda _: time.monotonic() - started < BLAME_SECONDS, islice(grammar.subschemas(), MAX_BLAMED)
            )
            guilty = (place for place, inner in subschemas if _fault(self._subschema(inner)) == reason)
            where = next((f"the schema at {place}" for place in guilty), where)
        raise BadConstraint(f"{where} cannot be enforced: {reason}")

    def _subschema(self, inner: dict[str, Any]) -> "LLMatcher":
        return self._matcher([{"name": "inner", **inner}])

    def _matcher(self, grammars: list[dict[str, Any]], *, has_text: bool = False) -> "LLMatcher":
        from llguidance import LLMatcher

        text = json.dumps({"grammars": [{"name": "top", "lark_grammar": TOP}, *grammars]})
        limits = self._text_limits if has_text else self._limits
        return LLMatcher(self.tokens.library_tokenizer, text, log_level=0, limits=limits)


def _fault(matcher: "LLMatcher") -> str:
    """Return in one line why no reply can match, or an empty string if one can."""
    if not matcher.is_error():
        matcher.compute_bitmask()
        if matcher.is_stopped() and not matcher.is_accepting():
            return "nothing can satisfy it"
    return explain(matcher)


def explain(matcher: "LLMatcher") -> str:
    """Return llguidance's error as one line, or an empty string if there is none."""
    if not matcher.is_error():
        return ""
    lines = [line.strip() for line in matcher.get_error().splitlines()] or ["unknown error"]
    if lines[0].startswith("panic"):
        return "the grammar is not understood"
    if "recursion limit" in lines[0]:
        return TOO_DEEP
    told = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (told or lines)[0][:300]
