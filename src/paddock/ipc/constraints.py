"""Constraints: what a reply must match, token by token.

A constraint is one of the tagged structs in `Constraint`. The runner compiles it for its model's tokens; where it
cannot be enforced the request fails with `invalid` and a message that names the place. JSON schemas travel as JSON
text, which keeps the order of their properties: replies have them in that order.
"""

import msgspec

MAX_EXACT_INTEGER = 1 << 53
"""Largest magnitude up to which every integer is a double without rounding."""


class JsonObject(msgspec.Struct, tag="json_object", frozen=True):
    """The reply is any JSON object."""


class JsonSchema(msgspec.Struct, tag="json_schema", frozen=True):
    """The reply is JSON that is valid under a schema of JSON Schema, draft 2020-12 or earlier."""

    schema: str
    """The schema as JSON text; an object."""


class Regex(msgspec.Struct, tag="regex", frozen=True):
    """The reply as a whole matches a regular expression in Rust's syntax: no look-around, no back-references."""

    pattern: str


class Lark(msgspec.Struct, tag="lark", frozen=True):
    """The reply as a whole matches the rule `start` of a context-free grammar, in llguidance's variant of Lark."""

    grammar: str
    """The grammar; it cannot refer to special tokens."""


class Region(msgspec.Struct, frozen=True):
    """Part of a reply between two texts for which rules hold that no grammar can express.

    The rest of the reply is free text. The region is JSON, or with `max_characters` text of a limited length.
    """

    before: str
    """The text that opens the region."""
    after: str
    """The text that closes it."""
    avoided: tuple[str, ...] = ()
    """Texts that strings within the JSON do not contain."""
    max_characters: int = 0
    """Length limit of text; 0 for JSON."""


class LiteralText(msgspec.Struct, tag="literal", frozen=True):
    """Part of a call: this text. Where it contains the text of a control token, that token is required."""

    text: str


class JsonValue(msgspec.Struct, tag="json", frozen=True):
    """Part of a call: a JSON value that is valid under a schema."""

    schema: str
    """The schema as JSON text."""
    region: Region | None = None
    """The region that the value fills, where the rest of the call is not JSON."""


class BareText(msgspec.Struct, tag="text", frozen=True):
    """Part of a call: text without quotes, and the text that ends it."""

    end: str
    """The text that follows and is part of this part."""
    matches: tuple[str, ...] = ()
    """Regular expressions, each of which the whole text must match."""
    excludes: tuple[str, ...] = ()
    """Regular expressions, none of which the whole text may match."""
    schema: str = "{}"
    """A schema of strings as JSON text. Only its `pattern` and `format` are enforced here."""
    region: Region | None = None
    """The region that the text fills, where its length is limited."""


class AnyOf(msgspec.Struct, tag="any", frozen=True):
    """Part of a call: one of several sequences of parts, each of which may be empty."""

    options: "tuple[tuple[CallPart, ...], ...]"


CallPart = LiteralText | JsonValue | BareText | AnyOf


class CallTemplate(msgspec.Struct, frozen=True):
    """One way to call a tool: the parts that a reply consists of, in order."""

    tool: str
    """The tool's name, for messages."""
    parts: tuple[CallPart, ...]


class ToolCalls(msgspec.Struct, tag="tool_calls", frozen=True):
    """The reply is one call of a tool, in the format that the model was trained to write."""

    calls: tuple[CallTemplate, ...]
    """The calls to choose from."""
    never_in_strings: tuple[str, ...] = ()
    """Texts that JSON strings do not contain, because the model's parser would take them for the end of the call."""
    avoided: tuple[str, ...] = ()
    """Texts that are not written where anything else can be, because they would stop the reply."""


Constraint = JsonObject | JsonSchema | Regex | Lark | ToolCalls
