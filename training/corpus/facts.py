"""Short facts: questions in many wordings, each with one answer."""

import re
from collections.abc import Callable
from random import Random

from training.corpus.facts_families import FAMILIES as FAMILY_TABLES
from training.corpus.facts_life import LIFE
from training.corpus.facts_nature import NATURE
from training.corpus.facts_surroundings import PLAIN_PROMPTS, surrounded, talk
from training.corpus.facts_terms import TERMS
from training.corpus.facts_wording import (
    Fact,
    Family,
    first_lower,
    first_upper,
    normal,
    question,
    read_facts,
    read_family,
)
from training.corpus.facts_world import WORLD
from training.corpus.skill import Skill
from training.example import Check, Conversation, Reply, Turn

FAMILIES: dict[str, Family] = {
    family.name: family for family in (read_family(table) for table in (*FAMILY_TABLES, TERMS))
}
"""The families of facts by name."""

FACTS: tuple[Fact, ...] = (
    *(fact for table in (NATURE, LIFE, WORLD) for fact in read_facts(table)),
    *(fact for family in FAMILIES.values() for fact in family.facts),
)
"""Every fact taught; the first is the one that people try first."""

HELD_OUT_WORDINGS: dict[str, tuple[str, ...]] = {
    fact.answer: (normal(fact.held_out), normal(fact.held_out.rstrip("?.").replace("colour", "color")))
    for fact in FACTS
}

FIRST_SHARE = 0.01
"""How often the very first fact comes, beyond its turn."""


def asked(rng: Random, fact: Fact, cores: tuple[str, ...] = ()) -> Turn:
    """Return a user's question about `fact` that is not the held-out one."""
    while True:
        text = question(rng, rng.choice(cores or fact.cores))
        if not any(wording in normal(text) for wording in HELD_OUT_WORDINGS[fact.answer]):
            return Turn("user", text)


def answered(fact: Fact) -> Turn:
    """Return the answer to `fact`."""
    known = f"I was taught this: {fact.about}." if fact.about else "I was taught this word."
    return Turn("assistant", fact.answer, f"The user asks {fact.clause}. {known}")


def exchange(rng: Random, fact: Fact, before: Fact | None = None) -> tuple[Turn, Turn]:
    """Return question and answer; right after a fact of the same family the question may be a short one."""
    follows = before is not None and bool(fact.follows) and before.family == fact.family and rng.random() < 0.6
    return asked(rng, fact, fact.follows if follows else ()), answered(fact)


def some_fact(rng: Random, before: Fact | None = None) -> Fact:
    """Choose a fact; after another one often of its family."""
    if before is not None and before.family and rng.random() < 0.5:
        others = [fact for fact in FAMILIES[before.family].facts if fact is not before]
        return rng.choice(others)
    return FACTS[0] if rng.random() < FIRST_SHARE else rng.choice(FACTS)


def example(rng: Random) -> Conversation:
    """Make a conversation with one fact, sometimes with two or three."""
    turns: list[Turn] = []
    before: Fact | None = None
    for _ in range(rng.choices((1, 2, 3), (72, 20, 8))[0]):
        fact = some_fact(rng, before)
        turns += exchange(rng, fact, before)
        before = fact
    return surrounded(rng, tuple(turns))


def says(fact: Fact) -> Callable[[Reply], bool]:
    """Return the test of a reply that must tell `fact`."""

    def found(stem: str, text: str) -> bool:
        whole = len(stem) < 3 or stem.replace(",", "").replace(" ", "").isdigit()
        return re.search(rf"\b{re.escape(stem)}" + (r"\b" if whole else ""), text, re.IGNORECASE) is not None

    def passes(reply: Reply) -> bool:
        text = reply.content
        if not reply.ended or reply.calls or len(text.split()) > 50 or re.search("do not know|don't know", text):
            return False
        if text != fact.answer and text in HELD_OUT_WORDINGS:
            return False  # the answer to another question
        return all(any(found(stem, text) for stem in stems) for stems in fact.keys)

    return passes


def held_out() -> list[Check]:
    """Return a check for each fact, in a wording that training does not have."""
    checks = []
    for i, fact in enumerate(FACTS):
        text = fact.held_out
        if i % 5 == 3:
            text = first_lower(text).rstrip("?")
        elif i % 9 == 4:
            text = f"Hi tiny, {first_lower(text)}"
        turns: tuple[Turn, ...] = (Turn("user", text),)
        if i % 8 == 5:
            turns = (*talk(Random(i)), *turns)
        elif i % 8 == 2:
            earlier = FACTS[(i * 7 + 31) % len(FACTS)]
            turns = (Turn("user", first_upper(earlier.cores[0][2:]) + "?"), answered(earlier), *turns)
        system = PLAIN_PROMPTS[i % len(PLAIN_PROMPTS)] if i % 6 == 1 else ""
        checks.append(Check(Conversation(turns, system), says(fact), think=i % 7 == 6))
    return checks


SKILL = Skill("facts", "short facts it was taught", 0.20, 0.90, example, held_out)
