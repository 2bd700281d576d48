"""What a kind of tool is, and how the catalogue's text is read."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Parameter:
    """A parameter: the names it may have, its JSON type, and the kind of its values."""

    names: tuple[str, ...]
    type: str
    kind: str


@dataclass(frozen=True)
class Outcome:
    """A result: its keys (each the names it may have, and a kind of values), as plain text, and the answer to give."""

    keys: tuple[tuple[tuple[str, ...], str], ...]
    plain: str
    answer: str


@dataclass(frozen=True)
class Kind:
    """A kind of tool. Requests and answers have slots: {0} for the first argument, {r0} for the first result."""

    names: tuple[str, ...]
    about: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    orders: tuple[str, ...]
    questions: tuple[str, ...]
    keywords: tuple[str, ...]
    outcomes: tuple[Outcome, ...]


def read_kinds(text: str) -> list[Kind]:
    """Read blocks of lines as `tools_catalogue` has them."""
    return [_kind(block) for block in text.strip().split("\n\n")]


def _kind(block: str) -> Kind:
    fields: dict[str, list[str]] = {}
    for line in block.strip().replace("\n  |", " |").splitlines():
        key, _, rest = line.partition(": ")
        fields.setdefault(key, []).append(rest)

    def parts(key: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in fields.get(key, [""])[0].split(" | ") if part.strip())

    return Kind(
        parts("names"),
        parts("about"),
        tuple(_parameter(line) for line in fields["with"]),
        parts("do"),
        parts("ask"),
        parts("short"),
        tuple(_outcome(line) for line in fields["gives"]),
    )


def _parameter(line: str) -> Parameter:
    names, json_type, kind = line.split()
    return Parameter(tuple(names.split("/")), json_type, kind)


def _outcome(line: str) -> Outcome:
    keys, plain, answer = line.split(" => ")
    pairs = [key.split() for key in keys.split(", ")]
    return Outcome(tuple((tuple(names.split("/")), kind) for names, kind in pairs), plain, answer)
