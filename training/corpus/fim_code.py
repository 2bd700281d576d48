"""Small Python functions with ever other names, rendered from the families."""

import builtins
import keyword
import re
from dataclasses import dataclass
from functools import cache
from random import Random

from training.corpus import words
from training.corpus.fim_functions import NUMBERS
from training.corpus.fim_functions_dicts import CLASSES, DICTS
from training.corpus.fim_functions_lists import LISTS
from training.corpus.fim_functions_measures import MEASURES
from training.corpus.fim_functions_more_lists import MORE_LISTS
from training.corpus.fim_functions_text import TEXT
from training.corpus.pieces import pieced
from training.corpus.tools_words import WORDS

POOLS = {
    "n": "a b n m x y z num number value amount count first second left right p q".split(),
    "s": "text word s name line string title message phrase part label t".split(),
    "l": "items values numbers xs things data elements rows words lines names nums prices points left right".split(),
    "i": "item x value n element number entry word row thing one".split(),
    "c": "x x x x n item v".split(),
    "d": "data table mapping d scores counts prices ages settings".split(),
    "o": "result result total out answer res output found acc".split(),
    "e": "i i i j index k".split(),
    "g": "value name size color speed".split(),
    "m": "get show run".split(),
}
"""Names in training, for each kind of slot."""

HELD_OUT_POOLS = {
    "n": "quantity pieces units figure weight portion offer bid".split(),
    "s": "caption sentence heading remark note topic slogan".split(),
    "l": "readings samples marks records steps orders tickets".split(),
    "i": "reading sample record order sale guess".split(),
    "c": ["x"],
    "d": "inventory registry lookup_table stock menu".split(),
    "o": "outcome gathered summary final collected".split(),
    "e": ["i", "j"],
    "g": "weight caption stock rating".split(),
    "m": "report compute reveal".split(),
}
"""Names that only held-out code has."""

HELD_OUT_NUMBERS = (17, 23, 29, 37, 41, 58, 73, 86, 94)
"""Constants that only held-out code has."""

PREFIXES = "get compute calc find my make do simple new".split()
RESERVED = frozenset(keyword.kwlist) | frozenset(dir(builtins)) | {"self"}
SLOT = re.compile(r"\$([a-zA-Z])(\d?)")
ANNOTATION = re.compile(r": (?:int|float|str|bool|(?:list|dict)(?:\[[a-z, ]+\])?)(?: (=) )?(?=[,)]|(?<== ))")


@dataclass(frozen=True)
class Family:
    """Functions that do the same: what to call them, what they do, calls that show it, and the code with slots."""

    stems: tuple[str, ...]
    pools: dict[str, list[str]]
    doc: str
    tests: tuple[str, ...]
    code: str


@dataclass(frozen=True)
class Code:
    """Code with all names filled in, and what was chosen freely in it: to be copied, for nobody could guess it."""

    text: str
    tests: tuple[str, ...]
    chosen: frozenset[str]


@cache
def families() -> tuple[Family, ...]:
    """Return all families."""
    return tuple(
        _family(block)
        for source in (NUMBERS, MEASURES, LISTS, MORE_LISTS, TEXT, DICTS, CLASSES)
        for block in source.strip().split("\n\n")
    )


def render(family: Family, rng: Random, *, held_out: bool = False, plain: bool = False) -> Code:
    """Write a function of the family. With `plain` there is neither a docstring nor a comment."""
    invented = not held_out and rng.random() < 0.5
    stem = rng.choice(family.stems)
    code = _in_two_steps(family.code) if rng.random() < 0.15 else family.code
    slots = dict.fromkeys(SLOT.findall(stem + code))
    taken = {"f": "", "F": ""}
    for kind, digit in sorted(slots, key=lambda slot: (slot[0] == "i", slot)):
        if kind not in "fF":
            taken[kind + digit] = _name(kind, digit, family, taken, rng, held_out, invented)
    stem = _fill(stem, taken)
    if family.code.startswith("class"):
        taken["F"] = _class_name(stem, rng, held_out, invented)
    else:
        taken["f"] = _function_name(stem, "$" in "".join(family.stems), rng, held_out, invented)
    text = _style(_fill(code, taken), rng)
    if not plain:
        text = _document(text, _fill(family.doc, taken), rng)
    tests = tuple(_fill(test, taken) for test in family.tests)
    chosen = frozenset(value for slot, value in taken.items() if slot[0] not in "ceF" and value)
    return Code(text, tests, chosen - {taken["f"]})


def identifier(rng: Random, invented: bool, pool: list[str]) -> str:
    """Return a name in training: of the pool, or mostly any word or a made up one if `invented`."""
    if rng.random() >= (0.85 if invented else 0.2):
        return rng.choice(pool)
    what = rng.random()
    if what < 0.35:
        return rng.choice(WORDS)
    if what < 0.6:
        return pieced(rng)
    if what < 0.75:
        return words.made_up(rng)
    if what < 0.85:
        return words.random_string(rng, longest=6)
    return f"{rng.choice(pool)}_{words.made_up(rng, 2)}" if what < 0.92 else rng.choice(words.THINGS)


@cache
def held_out_names() -> frozenset[str]:
    """Return all names that only held-out code has."""
    names = {name for kind, pool in HELD_OUT_POOLS.items() if kind not in "ce" for name in pool}
    return frozenset(names.union(words.HELD_OUT_THINGS, words.HELD_OUT_ANIMALS))


def _family(block: str) -> Family:
    head, doc, tests, code = block.split("\n", 3)
    stems, _, pools = head.partition(" | ")
    named = dict(entry.split("=") for entry in pools.split("; ")) if pools else {}
    calls = (f"$f{test}" if test.startswith("(") else test for test in tests.split("; "))
    return Family(
        tuple(stems.split(", ")), {slot: names.split() for slot, names in named.items()}, doc, tuple(calls), code
    )


def _fill(text: str, taken: dict[str, str]) -> str:
    return SLOT.sub(lambda slot: taken[slot[1] + slot[2]], text)


def _name(
    kind: str, digit: str, family: Family, taken: dict[str, str], rng: Random, held_out: bool, invented: bool
) -> str:
    own = family.pools.get(kind + digit)
    while True:
        if kind == "k":
            name = str(rng.choice(HELD_OUT_NUMBERS)) if held_out else _number(rng)
        elif kind == "w":
            name = rng.choice(words.HELD_OUT_THINGS) if held_out else words.filler(rng, "thing")
        elif kind == "i" and rng.random() < 0.5 and re.fullmatch("[a-z]{3,}s", taken.get("l1", "")):
            name = taken["l1"][:-1]
        elif held_out:
            name = rng.choice(own) if own and rng.random() < 0.4 else rng.choice(HELD_OUT_POOLS[kind])
        elif kind in "cem":
            name = rng.choice(own or POOLS[kind])
        else:
            name = identifier(rng, invented, own if own and rng.random() < 0.7 else POOLS[kind])
            if kind == "l" and name not in POOLS["l"] and rng.random() < 0.6:
                name += "s"
        if name in taken.values() or name in RESERVED or (not held_out and name in held_out_names()):
            continue
        if held_out or kind != "k" or int(name) not in HELD_OUT_NUMBERS:
            return name


def _number(rng: Random) -> str:
    return str(rng.randint(2, 20) if rng.random() < 0.6 else rng.randint(2, 500))


def _function_name(stem: str, has_slot: bool, rng: Random, held_out: bool, invented: bool) -> str:
    if has_slot and (not held_out or rng.random() < 0.6):
        return stem
    if held_out:
        return f"{stem}_{rng.choice(words.HELD_OUT_THINGS if rng.random() < 0.6 else HELD_OUT_POOLS['n'])}"
    while True:
        name, what = stem, rng.random()
        if what < 0.15 and not stem.startswith(("is_", "has_", "get_", "make_", "find_")):
            name = f"{rng.choice(PREFIXES)}_{stem}"
        elif what < 0.5:
            noun = words.made_up(rng) if invented else rng.choice(words.THINGS)
            name = f"{stem}_{noun}" if noun not in held_out_names() else stem
        if name not in RESERVED:
            return name


def _class_name(stem: str, rng: Random, held_out: bool, invented: bool) -> str:
    if held_out:
        return rng.choice(words.HELD_OUT_THINGS + words.HELD_OUT_ANIMALS).capitalize()
    name = words.made_up(rng) if invented else rng.choice((stem, rng.choice(words.THINGS)))
    return stem if name in held_out_names() else name.capitalize()


def _in_two_steps(code: str) -> str:
    """Return the code of a family with a name for what it returns in the end."""
    head, _, last = code.rpartition("\n    return ")
    if "$o" in code or "\n" in last or SLOT.fullmatch(last) or code.startswith("class"):
        return code
    return f"{head}\n    $o9 = {last}\n    return $o9"


def _style(text: str, rng: Random) -> str:
    if rng.random() < 0.6:
        lines = text.split("\n")
        for i, line in enumerate(lines):
            if line.lstrip().startswith("def "):
                head = re.sub(r" -> .*:$", ":", line)
                lines[i] = ANNOTATION.sub(lambda found: found[1] or "", head)
        text = "\n".join(lines)
    if rng.random() < 0.1 and 'f"' not in text and "'" not in text:
        text = text.replace('"', "'")
    head, *methods = text.split("\n    def ")
    return "\n\n    def ".join(["\n    def ".join([head, *methods[:1]]), *methods[1:]])


def _document(text: str, doc: str, rng: Random) -> str:
    what = rng.random()
    if what < 0.22:
        head, rest = text.split("\n", 1)
        return f'{head}\n    """{doc}"""\n{rest}'
    if what < 0.3:
        return f"# {doc.rstrip('.') if rng.random() < 0.5 else doc}\n{text}"
    return text
