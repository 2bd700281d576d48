"""Structured output: each token of a reply is chosen so that the reply matches a JSON schema, a regular expression or a
grammar.

`TokenizerInfo` describes a model's tokens, a `GrammarCache` compiles constraints for them, and a `GrammarMatcher`
follows one reply. llguidance and numpy are imported when a `TokenizerInfo` is made: importing this room is cheap.
"""

from paddock.engine.constraints.errors import BadConstraint, ConstraintFailed, FormatTooComplex
from paddock.engine.constraints.grammar_cache import GrammarCache
from paddock.engine.constraints.matcher import GrammarMatcher
from paddock.engine.constraints.tokenizer_info import TokenizerInfo

__all__ = ["BadConstraint", "ConstraintFailed", "FormatTooComplex", "GrammarCache", "GrammarMatcher", "TokenizerInfo"]
