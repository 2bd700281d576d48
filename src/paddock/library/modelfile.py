"""The Modelfile: what a person writes to describe a model.

Instructions are not case-sensitive and may come in any order; a value is bare, "quoted" or quoted three times over
several lines; a line that begins with `#` is a comment. A quoted value ends at the first line that ends in its quote.
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
    """The text is no Modelfile; the message names the line where one is to blame."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction: its name in lower case, its value, and the parameter's name or the message's role."""

    name: str
    args: str
    key: str = ""

    def __str__(self) -> str:
        """The instruction as it would be written."""
        words = [self.name.upper(), self.key, quoted(self.args)]
        return " ".join(word for word in words if word)


@dataclass(frozen=True, slots=True)
class Modelfile:
    """Instructions in the order of the file."""

    commands: list[Instruction] = field(default_factory=list)

    def __str__(self) -> str:
        """The file's text; `parse` of it gives an equal Modelfile, if every value can be quoted (see `quoted`)."""
        return "".join(f"{command}\n" for command in self.commands)

    def values(self, name: str) -> list[str]:
        """The values of every instruction of this name."""
        return [command.args for command in self.commands if command.name == name]

    def last(self, name: str) -> str | None:
        """The value of the last instruction of this name."""
        values = self.values(name)
        return values[-1] if values else None


@dataclass(frozen=True)
class ModelfileFields:
    """What a Modelfile asks for, still in the words of its author: FROM, ADAPTER and DRAFT may be paths or names."""

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
    """Read a Modelfile: UTF-8 with or without a byte order mark, or UTF-16 with one.

    Raises:
        ModelfileError: with Ollama's wording where it has one.
    """
    text = _decode(source) if isinstance(source, bytes) else source.removeprefix("\ufeff")
    commands = []
    pos = _match(_GAP, text, 0)
    while pos < len(text):
        command, pos = _command(text, pos)
        commands.append(command)
        pos = _match(_GAP, text, pos)
    if not any(command.name == "from" for command in commands):
        raise ModelfileError("no FROM line")
    return Modelfile(commands)


def modelfile_fields(modelfile: Modelfile) -> ModelfileFields:
    """Return what the instructions amount to: of single things the last counts, the others add up.

    Raises:
        UnknownOption, InvalidOption: if a PARAMETER is unknown or has no value of its type.
    """
    parameters: dict[str, OptionValue] = {}
    for command in modelfile.commands:
        if command.name == "parameter":
            value, before = parse_option(command.key, command.args), parameters.get(command.key)
            parameters[command.key] = before + value if isinstance(before, list) and isinstance(value, list) else value
    return ModelfileFields(
        sources=modelfile.values("from"),
        adapters=modelfile.values("adapter"),
        draft=modelfile.last("draft") or "",
        template=modelfile.last("template"),
        system=modelfile.last("system"),
        parameters=parameters,
        messages=[{"role": c.key, "content": c.args} for c in modelfile.commands if c.name == "message"],
        licenses=modelfile.values("license"),
        requires=modelfile.last("requires") or "",
        renderer=modelfile.last("renderer") or "",
        parser=modelfile.last("parser") or "",
    )


def quoted(value: str) -> str:
    """Return `value` with the least quoting that `parse` reads back.

    A value with a line that ends in three quotes, and more lines after it, has no such form; it gets three quotes all
    the same.
    """
    triple = f'"""{value}"""'
    single = f'"{value}"'
    for form in (value, triple if '"' in value else single, triple, single):
        if form and form[0] not in _SPACE and _value(form + "\n", 0) == (value, len(form)):
            return form
    return triple


def _command(text: str, start: int) -> tuple[Instruction, int]:
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
    """Return the value that begins at `start` and where its last line ends; None if its quote is never closed."""
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
