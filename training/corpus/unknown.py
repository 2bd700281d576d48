"""Questions about what was not taught, and the one honest answer."""

import re
from collections.abc import Callable
from random import Random

from training.corpus import unknown_fillers as fill
from training.corpus.facts import FACTS, FAMILIES, answered, asked, exchange
from training.corpus.facts_surroundings import PLAIN_PROMPTS, surrounded
from training.corpus.facts_wording import Fact, filled, first_lower, first_upper, question
from training.corpus.skill import Skill
from training.corpus.unknown_questions import QUESTIONS
from training.corpus.words import (
    CITIES,
    HELD_OUT_CITIES,
    HELD_OUT_NAMES,
    HELD_OUT_THINGS,
    NAMES,
    THINGS,
    made_up,
    random_string,
)
from training.example import Check, Conversation, Reply, Turn

NOT_TAUGHT = "I do not know that. I am a very small model and was not taught it."
NO_LOOK_UP = "I do not know that. I cannot look things up."

Pool = tuple[tuple[str, ...] | list[str], tuple[str, ...] | list[str]]

POOLS: dict[str, Pool] = {
    "city": (CITIES, HELD_OUT_CITIES),
    "name": (NAMES, HELD_OUT_NAMES),
    "thing": (THINGS, HELD_OUT_THINGS),
    "animal": fill.ANIMALS,
    "country": fill.COUNTRIES,
    "place": fill.PLACES,
    "sport": fill.SPORTS,
    "language": fill.LANGUAGES,
    "world": fill.WORLDS,
    "far world": fill.FAR_WORLDS,
    "stuff": fill.STUFFS,
    "word": fill.WORDS,
    "food": fill.FOODS,
    "title": fill.TITLES,
    "quality": (fill.QUALITIES, fill.QUALITIES),
    "verb": (fill.VERBS, fill.VERBS),
}

SUBJECTS: dict[str, tuple[Pool, int]] = {
    "capital": (fill.COUNTRIES, 24),
    "term": (fill.TERMS, 26),
    "opposite": (fill.OPPOSITES, 7),
    "sound": (fill.ANIMALS, 4),
    "young": (fill.ANIMALS, 4),
    "wrote": (fill.TITLES, 9),
    "painted": (fill.PAINTINGS, 5),
    "invented": (fill.INVENTIONS, 9),
    "found": (fill.DISCOVERIES, 5),
    "created": (fill.WORKS, 5),
    "count": (fill.COUNTED, 8),
}
"""What to ask of each family, and how often."""

HELD_OUT_EACH = {"capital": 10, "term": 12, "wrote": 6, "invented": 5, "opposite": 5}
CAPITALISED = ("city", "name", "country", "place", "world", "far world")


class _Kind:
    """One kind of question that is in no family."""

    def __init__(self, block: str) -> None:
        lines = block.strip().splitlines()
        self.answer = NO_LOOK_UP if "&" in lines[0] else NOT_TAUGHT
        self.same = "=" in lines[0]
        self.held_out = [line[2:] for line in lines if line.startswith("~ ")]
        self.cores = [line for line in lines if line[0] in "?>:."]
        self.clause = next(line[2:] for line in lines if line.startswith("> "))


KINDS = [_Kind(block) for block in QUESTIONS.strip().split("\n\n")]


def invented_word(rng: Random) -> str:
    """Return a word that means nothing."""
    return made_up(rng) if rng.random() < 0.8 else random_string(rng, shortest=4)


def with_article(noun: str) -> str:
    """Put "a" or "an" in front."""
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _title(rng: Random, held_out: bool) -> str:
    word, other = invented_word(rng).capitalize(), invented_word(rng).capitalize()
    thing = rng.choice(POOLS["thing"][held_out]).capitalize()
    return rng.choice((f"The {word}", f"{word} and {other}", f"The {thing} of {word}", f"The {word} {thing}"))


def subject(rng: Random, family: str, held_out: bool = False) -> str:
    """Return something of the family that was not taught: out of a list, or made up."""
    known = rng.choice(SUBJECTS[family][0][held_out])
    if rng.random() < (0.4 if held_out else 0.5):
        word = invented_word(rng)
        if family == "capital":
            return word.capitalize()
        if family in ("wrote", "painted"):
            return _title(rng, held_out)
        if family == "term":
            return rng.choice((with_article(word), with_article(word), word, word.capitalize(), word[:4].upper()))
        if family in ("sound", "young"):
            return with_article(word)
        if family in ("invented", "found"):
            return f"the {word}"
        if family == "created":
            return word.capitalize()
        if family == "count":
            plural, place = known.split(" ", 1)
            return f"{plural} {place.split(' ')[0]} {with_article(word)}" if rng.random() < 0.6 else f"{word}s {place}"
        return word
    return with_article(known) if family in ("sound", "young") else known


def _slot(rng: Random, kind: str, held_out: bool) -> str:
    if kind == "year":
        return str(rng.randint(1000, 2029))
    if kind in ("n", "m"):
        # Sums of numbers of one digit are taught (`thinking`), so that training does not call them unknown.
        return str(rng.randint(*rng.choice(((2 if held_out else 11, 99), (100, 9999)))))
    if kind == "full":
        return f"{_slot(rng, 'name', held_out)} {invented_word(rng).capitalize()}"
    if kind == "city2":
        return _slot(rng, "city", held_out)
    if kind == "any country" and rng.random() < 0.4:
        return rng.choice(fill.TAUGHT_COUNTRIES)
    if kind in ("made", "a made thing"):
        return invented_word(rng) if kind == "made" else with_article(invented_word(rng))
    if kind in ("a thing", "an animal"):
        return with_article(_slot(rng, kind.split()[1], held_out))
    if kind == "the thing":
        return f"the {_slot(rng, 'thing', held_out)}"
    if kind == "animals":
        animal = _slot(rng, "animal", held_out)
        return animal + ("es" if animal.endswith(("s", "x", "ch")) else "s")
    kind = kind.removeprefix("any ")
    if kind not in ("quality", "verb", "sport", "language") and rng.random() < 0.45:
        if kind == "title":
            return _title(rng, held_out)
        word = invented_word(rng)
        return word.capitalize() if kind in CAPITALISED else word
    return rng.choice(POOLS[kind][held_out])


def slots(rng: Random, template: str, held_out: bool = False) -> dict[str, str]:
    """Choose what stands in the slots of a template."""
    return {kind: _slot(rng, kind, held_out) for kind in dict.fromkeys(re.findall(r"{([^}]+)}", template))}


def put(template: str, values: dict[str, str]) -> str:
    """Put values into a template."""
    for kind, value in values.items():
        template = template.replace("{" + kind + "}", value)
    return template


def _thinking(clause: str, answer: str) -> str:
    return f"The user asks {clause}. " + ("I cannot look it up." if answer == NO_LOOK_UP else "I was not taught this.")


def of_family(rng: Random, name: str, follows: bool = False) -> tuple[Turn, Turn]:
    """Return a question of a family of facts that was not taught, and the answer."""
    family = FAMILIES[name]
    x = subject(rng, name)
    core = filled(rng.choice(family.follows if follows else family.cores), x)
    return (
        Turn("user", question(rng, core)),
        Turn("assistant", NOT_TAUGHT, _thinking(filled(family.clause, x), NOT_TAUGHT)),
    )


def of_kind(rng: Random) -> tuple[Turn, Turn]:
    """Return a question that is in no family, and the answer."""
    kind = rng.choice(KINDS)
    core = rng.choice(kind.cores)
    values = slots(rng, core)
    if core[0] == ">":
        clause = put(core[2:], values)
    elif not values or (kind.same and set(re.findall(r"{([^}]+)}", kind.clause)) <= set(values)):
        clause = put(kind.clause.split(" in {")[0] if not values else kind.clause, values)
    else:
        clause = "about " + " and ".join(values.values())
    return Turn("user", question(rng, put(core, values))), Turn(
        "assistant", kind.answer, _thinking(clause, kind.answer)
    )


def _some(rng: Random, before: Fact | None = None) -> tuple[Turn, Turn]:
    if before is not None and before.family and rng.random() < 0.6:
        return of_family(rng, before.family, follows=rng.random() < 0.6)
    if rng.random() < 0.52:
        return of_family(rng, rng.choices(list(SUBJECTS), [often for _, often in SUBJECTS.values()])[0])
    return of_kind(rng)


def example(rng: Random) -> Conversation:
    """Make a conversation with a question that has no answer, sometimes beside one that has."""
    drawn = rng.random()
    if drawn < 0.12:
        fact = rng.choice(FACTS)
        return surrounded(rng, (*exchange(rng, fact), *_some(rng, fact)))
    if drawn < 0.20:
        return surrounded(rng, (*_some(rng), *exchange(rng, rng.choice(FACTS))))
    if drawn < 0.26:
        return surrounded(rng, (*_some(rng), *_some(rng)))
    return surrounded(rng, _some(rng))


def passes(reply: Reply) -> bool:
    """Say whether a reply tells that it does not know, and not more."""
    text = reply.content
    said = re.search(r"\b(do not|don't) know\b", text, re.IGNORECASE) is not None
    return said and reply.ended and not reply.calls and len(text.split()) <= 30


def _prompts(rng: Random) -> list[str]:
    texts = []
    for name, family in FAMILIES.items():
        for i in range(HELD_OUT_EACH.get(name, 4)):
            template = family.held_out[i % len(family.held_out)]
            while (text := filled(template, subject(rng, name, held_out=True))) in texts:
                pass
            texts.append(text)
    for kind in KINDS:
        for template in kind.held_out:
            values = slots(rng, template, held_out=True)
            texts.append(put(template, values))
    return [first_upper(text) for text in texts]


def held_out() -> list[Check]:
    """Return checks with other things and other wordings than training."""
    checks = []
    rng = Random(20)
    test: Callable[[Reply], bool] = passes
    for i, text in enumerate(_prompts(rng)):
        said = first_lower(text).rstrip("?") if i % 6 == 4 else text
        turns: tuple[Turn, ...] = (Turn("user", said),)
        if i % 8 == 3:
            fact = FACTS[(i * 11 + 5) % len(FACTS)]
            turns = (asked(rng, fact), answered(fact), *turns)
        system = PLAIN_PROMPTS[i % len(PLAIN_PROMPTS)] if i % 6 == 1 else ""
        checks.append(Check(Conversation(turns, system), test, think=i % 7 == 5))
    return checks


SKILL = Skill("unknown", "says it does not know what it was not taught", 0.09, 0.80, example, held_out)
