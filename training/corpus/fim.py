"""Skill: to complete the middle of small Python functions."""

import re
from collections import Counter
from functools import partial
from random import Random

from training.corpus.fim_check import fills
from training.corpus.fim_code import Code, Family, families, render
from training.corpus.fim_cuts import KINDS, Span, copyable, loose, spans
from training.corpus.fim_held_out import FAMILIES
from training.corpus.skill import Skill
from training.example import Check, Hole, Reply

WRONG = ("pass", "0", "1", "None", "True", "[]", '""', "x", "return None", "result", ":", "a + b", "def f(x):")
"""No check may accept any of these unless it is the very middle."""

HELD_OUT_KINDS = {"return": 5, "line": 3, "rest": 3, "block": 2, "condition": 2, "header": 2, "tail": 2, "value": 2}
"""The kinds of cuts in what is held out, and how often each is to come."""

Piece = tuple[Hole, tuple[str, ...]]


def example(rng: Random) -> Hole:
    """Cut a hole into a function, alone or with others around it."""
    code = render(_choose(rng), rng)
    start, end = _cut(code, rng)
    if rng.random() < 0.12:
        start, end = loose(code.text, (start, end), rng)
    before, after = "", rng.choice(("", "\n", "\n", "\n"))
    if rng.random() < 0.12:
        before = render(_choose(rng), rng).text + "\n\n\n"
    around = rng.random()
    if around < 0.2:
        after = "\n\n\n" + render(_choose(rng), rng).text + "\n"
    elif around < 0.3:
        after = f"\n\n\nprint({rng.choice(code.tests)})\n"
    if end > len(code.text.rstrip()) or (end == len(code.text) and rng.random() < 0.25):
        after = rng.choice(("", "\n"))
    return Hole(before + code.text[:start], code.text[end:] + after, code.text[start:end])


def held_out() -> list[Check]:
    """Return holes in functions of the families in training under other names, and in functions not in training."""
    return [Check(Hole(hole.prefix, hole.suffix), partial(fills, hole, tests)) for hole, tests in held_out_holes()]


def held_out_holes() -> list[Piece]:
    """Return the held-out holes with their middles, and the tests of each."""
    rng = Random(2024)
    pieces: list[Piece] = []
    used: Counter[str] = Counter()
    chosen = [family for family in families() if "while" not in family.code]
    rng.shuffle(chosen)
    for family in chosen[:75]:
        for kind in sorted(HELD_OUT_KINDS, key=lambda kind: used[kind] / HELD_OUT_KINDS[kind]):
            piece = _held_out_piece(family, kind, rng)
            if piece:
                pieces.append(piece)
                used[kind] += 1
                break
    for text in re.split(r"\n\n(?=\S)", FAMILIES.strip()):
        tests, code = text.split("\n", 1)
        prefix, rest = code.split("«")
        middle, suffix = rest.split("»")
        pieces.append((Hole(prefix, suffix + "\n", middle), tuple(tests.split("; "))))
    return pieces


def _held_out_piece(family: Family, kind: str, rng: Random) -> Piece | None:
    for _ in range(4):
        code = render(family, rng, held_out=True, plain=rng.random() < 0.8)
        found = [span for span in spans(code.text, kind, rng) if copyable(code.text, span, code.chosen)]
        found = [span for span in found if re.search(r"\w", code.text[span[0] : span[1]])]
        if not found:
            continue
        start, end = rng.choice(found)
        after = rng.choice(("", "\n")) if kind == "tail" else "\n"
        hole = Hole(code.text[:start], code.text[end:] + after, code.text[start:end])
        if not any(fills(hole, code.tests, Reply(wrong)) for wrong in WRONG if wrong != hole.middle):
            return hole, code.tests
    return None


def _choose(rng: Random) -> Family:
    return rng.choice(families())


def _cut(code: Code, rng: Random) -> Span:
    for attempt in range(12):
        kind = rng.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        if kind == "params" and ": " in code.text.split("\n")[0] and attempt < 3:
            continue
        found = spans(code.text, kind, rng)
        found = [span for span in found if copyable(code.text, span, code.chosen)]
        if found:
            return rng.choice(found)
    return rng.choice(spans(code.text, "line", rng))


SKILL = Skill("fim", "completes the middle of small Python functions", 0.15, 0.70, example, held_out)
