"""A reply that must be a call of a tool: the parts that it consists of, as a grammar.

The format is a JSON list of three, which no client's `format` can be: the calls that the reply may be, each a list of
parts; texts that may not stand within the JSON strings of a reply, since they would end the call for its parser; and
texts that would end the reply wherever they stand, which are avoided.
A part is

- a text that is written as it stands; the texts of control tokens in it become those tokens,
- `{"json": schema, "tool": name}`: a JSON value, of the arguments of that tool; where the rest of the call is no JSON,
  with the texts around it as `before` and `after`, and as `never` what its strings may not hold,
- `{"text": end, "whole": [regex, …], "never": [regex, …], "tool": name}`: a text that matches every one of `whole` and
  none of `never` as a whole, and the text `end` that closes it; a schema's `pattern` and `format` may stand there, too;
  with `longest` and the text `before` it, it has at most so many characters,
- `{"any": [parts, …]}`: one of these.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.formats import ANY_TEXT, PATTERNS
from paddock.engine.constraints.output_rules import Between
from paddock.engine.constraints.schema import Prepared, prepare

ANY = "(?s:.*)"

Controls = Mapping[str, int]
"""Control tokens by their texts."""


@dataclass
class CallGrammar:
    """Calls as a Lark grammar that refers to the grammars of the JSON values in it, `@v0`, `@v1` and so on."""

    lark: str = ""
    values: list[tuple[str, Prepared]] = field(default_factory=list)
    """The JSON values, each with the tool that it is for."""
    has_text: bool = False
    """Whether there is free text, in which quotes mean nothing."""
    between: set[Between] = field(default_factory=set)
    """Where JSON, or text of a limited length, stands in calls that have text, too."""


def read_calls(calls: Any, controls: Controls) -> CallGrammar:
    """Read the calls of a format.

    Raises:
        BadConstraint: if a schema asks for what cannot be enforced; the message names the tool.
    """
    return _Reading(controls).run(calls)


class _Reading:
    def __init__(self, controls: Controls) -> None:
        self._result = CallGrammar()
        self._controls = controls
        self._tags = re.compile("|".join(map(re.escape, sorted(controls, key=len, reverse=True)))) if controls else None
        self._terminals: dict[str, str] = {}
        self._rules: list[str] = []

    def run(self, calls: Any) -> CallGrammar:
        self._rules.append(f"start: {self._any(calls)}")
        self._result.lark = "\n".join(self._rules)
        return self._result

    def _any(self, options: Any) -> str:
        return " | ".join(" ".join(map(self._part, option)) or '""' for option in options)

    def _part(self, part: Any) -> str:
        if isinstance(part, str):
            return self._literal(part)
        if "json" in part:
            if "before" in part:
                self._result.between.add(Between(part["before"], part["after"], tuple(part["never"])))
            return self._value(part["json"], part["tool"])
        if "text" in part:
            return self._text(part)
        return f"({self._any(part['any'])})"

    def _literal(self, text: str) -> str:
        """Write a text so that what control tokens stand for is written by them."""
        written, place = [], 0
        for tag in self._tags.finditer(text) if self._tags else ():
            if tag.start() > place:
                written.append(quoted(text[place : tag.start()]))
            written.append(f"<[{self._controls[tag.group()]}]>")
            place = tag.end()
        if place < len(text) or not written:
            written.append(quoted(text[place:]))
        return " ".join(written)

    def _value(self, schema: Any, tool: str) -> str:
        try:
            prepared = prepare(schema)
        except BadConstraint as error:
            raise BadConstraint(f"the tool {tool!r} cannot be called by force: {error}") from None
        self._result.values.append((tool, prepared))
        return f"@v{len(self._result.values) - 1}"

    def _text(self, part: Mapping[str, Any]) -> str:
        self._result.has_text = True
        if "longest" in part:
            self._result.between.add(Between(part["before"], part["text"], longest=part["longest"]))
        try:
            whole = [*part["whole"], *_demands(part)] or [ANY]
        except BadConstraint as error:
            raise BadConstraint(f"the tool {part['tool']!r} cannot be called by force: {error}") from None
        conditions = [f"/{slashed(regex)}/" for regex in whole]
        conditions += [f"~/{slashed(regex)}/" for regex in part["never"]]
        end = part["text"]
        tokens = self._literal(end)
        if "<[" in tokens:
            # A token that ends the text stands for itself: no text can hold it.
            return f"{self._terminal(' & '.join(conditions))} {tokens}"
        # One terminal: the text would otherwise swallow the beginning of what ends it.
        return self._terminal(f"({' & '.join(conditions)}) {quoted(end)}")

    def _terminal(self, definition: str) -> str:
        """Return the name of the terminal with this definition: many arguments have the same."""
        name = self._terminals.setdefault(definition, f"TEXT{len(self._terminals)}")
        if len(self._terminals) > len(self._rules):
            self._rules.append(f"{name}: {definition}")
        return name


def _demands(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the regular expressions that a text must match as a whole by a schema's `pattern` and `format`."""
    if "pattern" in schema:
        yield _unanchored(schema["pattern"])
    name = schema.get("format")
    if name in PATTERNS:
        yield _unanchored(PATTERNS[name])
    elif name is not None and name not in ANY_TEXT:
        raise BadConstraint(f'"format": {name!r} cannot be enforced on bare text')


def _unanchored(pattern: Any) -> str:
    """Write a pattern that is looked for so that it matches as a whole.

    Raises:
        BadConstraint: if it has anchors elsewhere than around all of it.
    """
    if not isinstance(pattern, str):
        raise BadConstraint('"pattern" must be a string')
    begins, ends = pattern.startswith("^"), bool(re.search(r"(?<!\\)(?:\\\\)*\$$", pattern))
    inner = pattern[begins : len(pattern) - ends]
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", inner, flags=re.DOTALL)
    alternatives = "|" in _outermost(bare)
    if "^" in bare or "$" in bare or ((begins or ends) and alternatives):
        raise BadConstraint(f'"pattern": {pattern!r} cannot be enforced on bare text')
    return f"{'' if begins else ANY}(?:{inner}){'' if ends else ANY}"


def _outermost(pattern: str) -> str:
    """What of a pattern stands in no parentheses."""
    while (less := re.sub(r"\([^()]*\)", "", pattern)) != pattern:
        pattern = less
    return pattern


def quoted(text: str) -> str:
    """Write a text as a string of a Lark grammar."""
    return json.dumps(text, ensure_ascii=False)


def slashed(pattern: str) -> str:
    """Write a regular expression so that it may stand between slashes."""
    if not pattern:
        return "(?:)"
    return re.sub(r"\\.|/|\n", lambda m: {"/": r"\/", "\n": r"\n"}.get(m[0], m[0]), pattern, flags=re.DOTALL)
