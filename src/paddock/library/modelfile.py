"""Modelfiles: the text in which a person describes a model, read and written.

Names of instructions are not case-sensitive, and instructions may come in any order. A value is bare, in quotes, or in
triple quotes over several lines. A quoted value ends at the first line that ends in its quote. A line that begins with
`#` is a comment.
"""

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from paddock.library.errors import LibraryError
from paddock.library.options import OptionValue, parse_option

INSTRUCTIONS = (
    *("from", "license", "template", "system", "adapter", "draft"),
    *("renderer", "parser", "parameter", "message", "requires"),
)
ROLES = ("system", "user", "assistant")

_SPACE = " \t\r\n\v\f\x85\xa0"
_GAP = re.compile(rf"(?:[{_SPACE}]|#[^\r\n]*)*")
_BLANKS = re.compile(r"[ \t]*")
_SPACES = re.compile(rf"[{_SPACE}]*")
_WORD = re.compile(rf"[^{_SPACE}]*")
_REST_OF_LINE = re.compile(r"[^\r\n]*")
_LINE_END = re.compile(r"\r\n|\r|\n")


class ModelfileError(LibraryError, ValueError):
    """The text is not a Modelfile; the message names the line if one is to blame."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction of a Modelfile.

    Args:
        name: its name in lower case.
        args: its value.
        key: the name of a PARAMETER, or the role of a MESSAGE.
    """

    name: str
    args: str
    key: str = ""

    def __str__(self) -> str:
        """Return the instruction as a line of a Modelfile."""
        words = [self.name.upper(), self.key, quoted(self.args)]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Modelfile:
    """The instructions of a Modelfile, in their order."""

    instructions: list[Instruction] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the text; `parse` reads back an equal Modelfile if every value can be quoted (see `quoted`)."""
        return "".join(f"{instruction}\n" for instruction in self.instructions)

    def values(self, name: str) -> list[str]:
        """Return the values of all instructions of this name."""
        return [instruction.args for instruction in self.instructions if instruction.name == name]

    def last(self, name: str) -> str | None:
        """Return the value of the last instruction of this name; None if there is none."""
        values = self.values(name)
        return values[-1] if values else None


@dataclass(frozen=True)
class ModelfileFields:
    """The fields of a Modelfile, as its author wrote them: FROM, ADAPTER and DRAFT may be paths or names."""

    sources: list[str]
    adapters: list[str] = field(default_factory=list)
    draft: str = ""
    template: str | None = None
    system: str | None = None
    parameters: dict[str, OptionValue] = field(default_factory=dict)
    messages: list[dict[str, str]] = field(default_factory=list)
    licenses: list[str] = field(default_factory=list)
    requires: str = ""
    renderer: str = ""
    parser: str = ""


def parse(source: bytes | str) -> Modelfile:
    """Parse a Modelfile in UTF-8, with or without a byte order mark, or in UTF-16 with one.

    Raises:
        ModelfileError: with Ollama's message if Ollama has one.
    """
    text = _decode(source) if isinstance(source, bytes) else source.removeprefix("\ufeff")
    instructions = []
    pos = _match(_GAP, text, 0)
    while pos < len(text):
        instruction, pos = _instruction(text, pos)
        instructions.append(instruction)
        pos = _match(_GAP, text, pos)
    if not any(instruction.name == "from" for instruction in instructions):
        raise ModelfileError("no FROM line")
    return Modelfile(instructions)


def modelfile_fields(modelfile: Modelfile) -> ModelfileFields:
    """Return the fields of a Modelfile. Of a field with one value, the last instruction counts.

    Raises:
        UnknownOption, InvalidOption: if a PARAMETER is unknown or its value has another type.
    """
    parameters: dict[str, OptionValue] = {}
    for instruction in modelfile.instructions:
        if instruction.name == "parameter":
            name = instruction.key
            value, before = parse_option(name, instruction.args), parameters.get(name)
            parameters[name] = before + value if isinstance(before, list) and isinstance(value, list) else value
    return ModelfileFields(
        sources=modelfile.values("from"),
        adapters=modelfile.values("adapter"),
        draft=modelfile.last("draft") or "",
        template=modelfile.last("template"),
        system=modelfile.last("system"),
        parameters=parameters,
        messages=[{"role": c.key, "content": c.args} for c in modelfile.instructions if c.name == "message"],
        licenses=modelfile.values("license"),
        requires=modelfile.last("requires") or "",
        renderer=modelfile.last("renderer") or "",
        parser=modelfile.last("parser") or "",
    )


def quoted(value: str) -> str:
    """Return `value` with the least quoting that `parse` reads back.

    No quoting can express a value with a line that ends in three quotes and is not its last; it gets triple quotes.
    """
    triple = f'"""{value}"""'
    single = f'"{value}"'
    for form in (value, triple if '"' in value else single, triple, single):
        if form and form[0] not in _SPACE and _value(form + "\n", 0) == (value, len(form)):
            return form
    return triple


def _instruction(text: str, start: int) -> tuple[Instruction, int]:
    word, pos = _word(text, start)
    name = word.lower()
    if name not in INSTRUCTIONS:
        raise ModelfileError(f"{_line(text, start)}: command must be one of {_choice(INSTRUCTIONS)}")
    key = ""
    if name in ("parameter", "message"):
        key, pos = _word(text, _match(_BLANKS, text, pos))
        if name == "message" and key and key not in ROLES:
            raise ModelfileError(f"{_line(text, start)}: message role must be one of {_choice(ROLES)}")
    pos = _match(_BLANKS, text, pos)
    if _match(_SPACES, text, pos) == len(text):
        raise ModelfileError("unexpected EOF")
    if text[pos] in "\r\n":
        raise ModelfileError(f"{_line(text, start)}: {word} needs a value")
    found = _value(text, pos)
    if found is None:
        raise ModelfileError("unexpected EOF")
    return Instruction(name, found[0], key), found[1]


def _value(text: str, start: int) -> tuple[str, int] | None:
    """Return the value that begins at `start` and the end of its last line; None if its quote is never closed."""
    quote = next((q for q in ('"""', '"') if text.startswith(q, start)), "")
    inside = start + len(quote)
    end = _match(_REST_OF_LINE, text, start)
    if not quote:
        return text[start:end].strip(_SPACE), end
    line = start
    while True:
        last = line + len(text[line:end].rstrip(_SPACE))
        if text.endswith(quote, inside, last):
            return text[inside : last - len(quote)], end
        if end == len(text):
            return None
        line = _match(_LINE_END, text, end)
        end = _match(_REST_OF_LINE, text, line)


def _word(text: str, start: int) -> tuple[str, int]:
    end = _match(_WORD, text, start)
    return text[start:end], end


def _match(pattern: re.Pattern[str], text: str, start: int) -> int:
    found = pattern.match(text, start)
    return found.end() if found else start


def _line(text: str, pos: int) -> str:
    return f"(line {1 + len(_LINE_END.findall(text, 0, pos))})"


def _choice(names: Iterable[str]) -> str:
    *others, last = (f'"{name}"' for name in names)
    return f"{', '.join(others)}, or {last}"


def _decode(data: bytes) -> str:
    encoding = "utf-8-sig"
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise ModelfileError(f"the Modelfile is no UTF-8 text: {error.reason} at byte {error.start}") from None
