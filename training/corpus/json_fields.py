"""Skill: answer in JSON with the fields that are asked for, taken from a text."""

import json
import re
from random import Random

from training.corpus.json_fields_held_out import held_out
from training.corpus.json_fields_texts import (
    AFTER_TEXT,
    ASK,
    BEFORE_TEXT,
    BEFORE_TEXT_ORDER,
    FIELD_KINDS,
    FIELD_NAMES,
    KNOWN,
    POLITE,
    SUBJECTS,
    SYSTEM_ASK,
)
from training.corpus.skill import Skill
from training.corpus.tools_surroundings import SYSTEM_PROMPTS, small_talk
from training.corpus.tools_task import camel, spoken
from training.corpus.tools_values import value
from training.corpus.words import made_up
from training.example import Conversation, JsonValue, Turn

Facts = dict[str, JsonValue]

QUESTIONS = [(line.split(";")[0], line.split(";")[1]) for line in KNOWN.strip().splitlines()]


def example(rng: Random) -> Conversation:
    """Return a conversation that ends with JSON."""
    form = rng.random()
    if form < 0.08:
        asked, answer = _question(rng)
        facts: Facts = {"answer": answer}
        if rng.random() < 0.5:
            facts = {"question": asked, "answer": answer}
        text = asked
    else:
        text, known = _described(rng) if form < 0.68 else _listed(rng)
        names = list(known)
        chosen = sorted(rng.sample(names, rng.randint(min(2, len(names)), min(4, len(names)))), key=names.index)
        if len(chosen) > 1 and rng.random() < 0.06:
            chosen = chosen[:1]
        if rng.random() < 0.4:
            rng.shuffle(chosen)
        facts = {name: known[name] for name in chosen}
    said = " and ".join(f"{name} {spoken(fact)}" for name, fact in facts.items())
    thinking = f"The fields are {_and(list(facts))}. I find {said}."
    if form < 0.08:
        thinking = f"The user wants JSON with {_and(list(facts))}. The answer is {facts['answer']}."
    reply = Turn("assistant", json.dumps(facts, ensure_ascii=False), thinking)
    return _asked(rng, text, list(facts), reply)


def _asked(rng: Random, text: str, names: list[str], reply: Turn) -> Conversation:
    ask = rng.choice(ASK).format(f=_fields(rng, names))
    before = small_talk(rng) if rng.random() < 0.12 else ()
    if rng.random() < 0.2:
        system = rng.choice(SYSTEM_ASK).format(a=_upper(ask))
        return Conversation((*before, Turn("user", text), reply), system)
    if rng.random() < 0.25:
        start = ask if ask.startswith(("JSON", "I ")) or not ask[0].isupper() else ask[0].lower() + ask[1:]
        ask = rng.choice(POLITE).format(start)
    elif rng.random() < 0.3 and not ask.startswith(("JSON", "I ")):
        ask = ask[0].lower() + ask[1:]
    if rng.random() < 0.3:
        prompt = rng.choice(AFTER_TEXT).format(t=text, a=ask)
    else:
        prompt = ask + rng.choice(BEFORE_TEXT if rng.random() < 0.8 else BEFORE_TEXT_ORDER) + text
    system = rng.choice(SYSTEM_PROMPTS) if rng.random() < 0.12 else ""
    return Conversation((*before, Turn("user", prompt), reply), system)


def _described(rng: Random) -> tuple[str, Facts]:
    """Return a text about a subject and the facts that it tells, by the fields' names."""
    subject = rng.choice(SUBJECTS)
    text = rng.choice(subject.texts)
    values = [value(rng, kind) for _, kind in subject.fields]
    facts: Facts = {}
    order = sorted((text.index(f"{{{i}}}"), i) for i in range(len(values)) if f"{{{i}}}" in text)
    for _, i in order:
        names = subject.fields[i][0]
        name = names[0] if rng.random() < 0.4 else rng.choice(names)
        facts[made_up(rng) if name in facts else name] = values[i].json
    written = text.format(*[given.text for given in values])
    written = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", written)
    if rng.random() < 0.15:
        written = f"{_upper(written).rstrip('.')}. {rng.choice(ASIDES)}"
    return _upper(written) if rng.random() < 0.5 else written, facts


ASIDES = ("That is all.", "It is a nice day.", "We like it.", "I hope that helps.", "This is good to know.", "Thanks.")


def _listed(rng: Random) -> tuple[str, Facts]:
    """Return a text that lists fields with their values, and these."""
    facts: Facts = {}
    texts = []
    count = rng.randint(2, 5)
    while len(facts) < count:
        name = _field_name(rng)
        if name not in facts:
            given = value(rng, rng.choice(FIELD_KINDS))
            facts[name] = given.json
            texts.append((name, given.text))
    form = rng.random()
    if form < 0.7:
        between, joint = rng.choice(
            ((": ", ", "), (": ", "; "), (" = ", ", "), (": ", "\n"), (" is ", ", "), ("=", " "))
        )
        return joint.join(f"{name}{between}{text}" for name, text in texts), facts
    parts = [f"the {name.replace('_', ' ')} is {text}" for name, text in texts]
    return _upper(_and(parts)) + ".", facts


def _field_name(rng: Random) -> str:
    choice = rng.random()
    if choice < 0.25:
        return made_up(rng)
    name = rng.choice(FIELD_NAMES)
    if choice < 0.4:
        words = [rng.choice((made_up(rng), rng.choice(FIELD_NAMES))), name]
        return "_".join(words) if rng.random() < 0.7 else camel(words)
    return name


def _question(rng: Random) -> tuple[str, str]:
    return rng.choice(QUESTIONS)


def _fields(rng: Random, names: list[str]) -> str:
    form = rng.random()
    if form < 0.45:
        return _and(names)
    if form < 0.75:
        return ", ".join(names)
    if form < 0.9:
        return _and([f'"{name}"' for name in names])
    return ", ".join(f'"{name}"' for name in names)


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


SKILL = Skill("json_fields", "answers in JSON for a named set of fields", 0.12, 0.90, example, held_out)
