"""The grammar of a reply that must be a tool call, in Lark as llguidance reads it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paddock import ipc
from paddock.engine.constraints.errors import BadConstraint
from paddock.engine.constraints.schema import PreparedSchema, prepare, read_schema
from paddock.engine.constraints.string_formats import DESCRIPTIVE_FORMATS, FORMAT_PATTERNS

ANY_TEXT = "(?s:.*)"

ControlTokens = Mapping[str, int]
"""Control tokens by their texts."""


@dataclass
class CallGrammar:
    """Tool calls as a Lark grammar, which refers to the grammars of the JSON values in it as `@v0`, `@v1` and so on."""

    lark: str = ""
    values: list[tuple[str, PreparedSchema]] = field(default_factory=list)
    """The schemas of the JSON values, each with its tool."""
    has_text: bool = False
    """Whether it contains free text, in which quotes mean nothing."""
    regions: dict[ipc.Region, None] = field(default_factory=dict)
    """The regions of its parts, each once, in their order."""


def call_grammar(calls: Sequence[ipc.CallTemplate], controls: ControlTokens) -> CallGrammar:
    """Return the grammar of a reply that is one of `calls`.

    Raises:
        BadConstraint: if a schema cannot be enforced; the message names the tool.
    """
    return _Writer(controls).run(calls)


class _Writer:
    """Writes the grammar, one method per kind of part."""

    def __init__(self, controls: ControlTokens) -> None:
        self._result = CallGrammar()
        self._controls = controls
        self._tags = re.compile("|".join(map(re.escape, sorted(controls, key=len, reverse=True)))) if controls else None
        self._terminals: dict[str, str] = {}
        """Names of terminals by their definitions."""
        self._rules: list[str] = []
        self._tool = ""
        """The tool whose call is being written."""

    def run(self, calls: Sequence[ipc.CallTemplate]) -> CallGrammar:
        options: list[str] = []
        for call in calls:
            self._tool = call.tool
            options.append(self._sequence(call.parts))
        self._rules.append(f"start: {' | '.join(options)}")
        self._result.lark = "\n".join(self._rules)
        return self._result

    def _sequence(self, parts: Sequence[ipc.CallPart]) -> str:
        return " ".join(map(self._part, parts)) or '""'

    def _part(self, part: ipc.CallPart) -> str:
        match part:
            case ipc.LiteralText():
                return self._literal(part.text)
            case ipc.JsonValue():
                return self._value(part)
            case ipc.BareText():
                return self._text(part)
            case ipc.AnyOf():
                return f"({' | '.join(map(self._sequence, part.options))})"

    def _literal(self, text: str) -> str:
        """Return the symbols for `text`, in which texts of control tokens are those tokens."""
        symbols, place = [], 0
        for tag in self._tags.finditer(text) if self._tags else ():
            if tag.start() > place:
                symbols.append(quoted(text[place : tag.start()]))
            symbols.append(f"<[{self._controls[tag.group()]}]>")
            place = tag.end()
        if place < len(text) or not symbols:
            symbols.append(quoted(text[place:]))
        return " ".join(symbols)

    def _value(self, part: ipc.JsonValue) -> str:
        self._note_region(part.region)
        schema = read_schema(part.schema)
        try:
            prepared = prepare(schema)
        except BadConstraint as error:
            raise self._refusal(error) from None
        self._result.values.append((self._tool, prepared))
        return f"@v{len(self._result.values) - 1}"

    def _text(self, part: ipc.BareText) -> str:
        self._result.has_text = True
        self._note_region(part.region)
        schema = read_schema(part.schema)
        try:
            matches = [*part.matches, *_patterns(schema)] or [ANY_TEXT]
        except BadConstraint as error:
            raise self._refusal(error) from None
        conditions = [f"/{slashed(regex)}/" for regex in matches]
        conditions += [f"~/{slashed(regex)}/" for regex in part.excludes]
        end = self._literal(part.end)
        if "<[" in end:
            # A control token cannot be part of the text, so it can follow as a symbol of its own.
            return f"{self._terminal(' & '.join(conditions))} {end}"
        # Text and end are one terminal: two would let the text swallow the beginning of the end.
        return self._terminal(f"({' & '.join(conditions)}) {quoted(part.end)}")

    def _note_region(self, region: ipc.Region | None) -> None:
        if region is not None:
            self._result.regions[region] = None

    def _refusal(self, error: BadConstraint) -> BadConstraint:
        return BadConstraint(f"the tool {self._tool!r} cannot be called by force: {error}")

    def _terminal(self, definition: str) -> str:
        """Return the name of the terminal with this definition; many arguments share one."""
        name = self._terminals.setdefault(definition, f"TEXT{len(self._terminals)}")
        if len(self._terminals) > len(self._rules):
            self._rules.append(f"{name}: {definition}")
        return name


def _patterns(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the regular expressions that a whole text must match under a schema's `pattern` and `format`."""
    if "pattern" in schema:
        yield _unanchored(schema["pattern"])
    name = schema.get("format")
    if name in FORMAT_PATTERNS:
        yield _unanchored(FORMAT_PATTERNS[name])
    elif name is not None and name not in DESCRIPTIVE_FORMATS:
        raise BadConstraint(f'"format": {name!r} cannot be enforced on bare text')


def _unanchored(pattern: Any) -> str:
    """Return the expression that matches a whole text exactly when `pattern` is found somewhere in it.

    Raises:
        BadConstraint: if it has anchors elsewhere than around all of it.
    """
    if not isinstance(pattern, str):
        raise BadConstraint('"pattern" must be a string')
    begins, ends = pattern.startswith("^"), bool(re.search(r"(?<!\\)(?:\\\\)*\$$", pattern))
    inner = pattern[begins : len(pattern) - ends]
    bare = re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]", "", inner, flags=re.DOTALL)
    alternatives = "|" in _outside_groups(bare)
    if "^" in bare or "$" in bare or ((begins or ends) and alternatives):
        raise BadConstraint(f'"pattern": {pattern!r} cannot be enforced on bare text')
    return f"{'' if begins else ANY_TEXT}(?:{inner}){'' if ends else ANY_TEXT}"


def _outside_groups(pattern: str) -> str:
    """Return what is left of a pattern without its groups in parentheses."""
    kept: list[str] = []
    groups: list[int] = []  # where each open group begins in `kept`
    for token in re.findall(r"[()]|[^()]+", pattern):
        if token == ")" and groups:
            del kept[groups.pop() :]
            continue
        if token == "(":
            groups.append(len(kept))
        kept.append(token)
    return "".join(kept)


def quoted(text: str) -> str:
    """Return `text` as a string of a Lark grammar."""
    return json.dumps(text, ensure_ascii=False)


def slashed(pattern: str) -> str:
    """Return a regular expression in the form that may stand between slashes."""
    if not pattern:
        return "(?:)"
    return re.sub(r"\\.|/|\n", lambda m: {"/": r"\/", "\n": r"\n"}.get(m[0], m[0]), pattern, flags=re.DOTALL)
