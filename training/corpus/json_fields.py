"""Skill: answer in JSON with the fields that are asked for, taken from a text."""

import json
import re
from random import Random

from training.corpus.json_fields_composed import composed
from training.corpus.json_fields_held_out import held_out
from training.corpus.json_fields_lists import dressed, field_name, joined
from training.corpus.json_fields_texts import FIELD_KINDS, KNOWN, SUBJECTS
from training.corpus.json_fields_wording import asked
from training.corpus.skill import Skill
from training.corpus.tools_surroundings import SYSTEM_PROMPTS, small_talk
from training.corpus.tools_task import spoken
from training.corpus.tools_values import value
from training.example import Conversation, JsonValue, Turn

Facts = dict[str, JsonValue]

QUESTIONS = [(line.split(";")[0], line.split(";")[1]) for line in KNOWN.strip().splitlines()]


def example(rng: Random) -> Conversation:
    """Return a conversation that ends with JSON."""
    form = rng.random()
    if form < 0.06:
        text, answer = rng.choice(QUESTIONS)
        key = rng.choice(KEYS) if rng.random() < 0.7 else field_name(rng)
        facts: Facts = {key: answer}
        if rng.random() < 0.4:
            facts = {"question": text, key: answer}
        thinking = f"The user wants JSON with {joined(list(facts))}. The answer is {answer}."
    else:
        text, known = _described(rng) if form < 0.38 else _composed(rng) if form < 0.65 else _listed(rng)
        names = list(known)
        chosen = sorted(rng.sample(names, rng.randint(min(2, len(names)), min(4, len(names)))), key=names.index)
        if len(chosen) > 1 and rng.random() < 0.06:
            chosen = chosen[:1]
        if rng.random() < 0.5:
            rng.shuffle(chosen)
        facts = {name: known[name] for name in chosen}
        said = " and ".join(f"{name} {spoken(fact)}" for name, fact in facts.items())
        thinking = f"The fields are {joined(list(facts))}. I find {said}."
    reply = Turn("assistant", json.dumps(facts, ensure_ascii=False), thinking)
    user, system = asked(rng, text, list(facts))
    system = system or (rng.choice(SYSTEM_PROMPTS) if rng.random() < 0.12 else "")
    before = small_talk(rng) if rng.random() < 0.12 else ()
    return Conversation((*before, Turn("user", user), reply), system)


KEYS = ("answer", "answer", "answer", "reply", "result", "response", "solution", "a", "text", "value")
"""Names of the field that an answer to a question goes into."""


def _described(rng: Random) -> tuple[str, Facts]:
    """Return a text about a subject and the facts that it tells, by the fields' names."""
    subject = rng.choice(SUBJECTS)
    text = rng.choice(subject.texts)
    values = [value(rng, kind) for _, kind in subject.fields]
    facts: Facts = {}
    order = sorted((text.index(f"{{{i}}}"), i) for i in range(len(values)) if f"{{{i}}}" in text)
    for _, i in order:
        names = [name for name in subject.fields[i][0] if name not in facts]
        if names and names[0] != "-":
            name = names[0] if rng.random() < 0.4 else rng.choice(names)
            facts[name] = values[i].json
    return _finished(rng, text.format(*[given.text for given in values]), facts), _dressed(rng, facts)


def _composed(rng: Random) -> tuple[str, Facts]:
    text, facts = composed(rng)
    return _finished(rng, text, facts), _dressed(rng, facts)


def _finished(rng: Random, text: str, facts: Facts) -> str:
    text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
    started = _started(text, facts)
    if rng.random() < 0.1:
        return f"{started.rstrip('.')}. {rng.choice(ASIDES)}"
    if rng.random() < 0.1:
        return f"{rng.choice(ASIDES)} {started}"
    return started if rng.random() < 0.6 else text


def _started(text: str, facts: Facts) -> str:
    """Begin with a capital, unless a value stands there: it is to be copied as it is written."""
    return text if any(text.startswith(str(fact)) for fact in facts.values()) else _upper(text)


def _dressed(rng: Random, facts: Facts) -> Facts:
    """Give some of the fields names that only copying gets right."""
    part = 0.0 if rng.random() < 0.65 else 0.6
    return {dressed(rng, name) if rng.random() < part else name: fact for name, fact in facts.items()}


ASIDES = (
    *("That is all.", "It is a nice day.", "We like it.", "I hope that helps.", "This is good to know.", "Thanks."),
    *("More will follow.", "Nobody knew that.", "So they say.", "I heard it on the radio.", "It was in the paper."),
    *("The rest is not known.", "I am sure of it.", "Everybody was glad.", "There is more to tell.", "Well, well."),
)


def _listed(rng: Random) -> tuple[str, Facts]:
    """Return a text that lists fields with their values, and these."""
    facts: Facts = {}
    texts = []
    count = rng.randint(2, 5)
    while len(facts) < count:
        name = field_name(rng)
        if name not in facts:
            given = value(rng, rng.choice(FIELD_KINDS))
            facts[name] = given.json
            texts.append((name, given.text))
    form = rng.random()
    if form < 0.6:
        between = rng.choice((": ", ": ", ": ", " = ", "=", " is ", " - ", " -> ", ":", "\t"))
        joint = rng.choice((", ", ", ", "; ", "\n", " | ", " / ", "\n- "))
        joint = rng.choice((" ", ", ")) if between == "=" else joint
        return joint.join(f"{name}{between}{text}" for name, text in texts), facts
    if form < 0.68:
        return rng.choice((", ", "; ", "\n")).join(f"{text} ({name})" for name, text in texts), facts
    is_ = rng.choice(("is", "is", "is", "was", "equals", "reads", "will be", "stands at", "has been set to"))
    the = rng.choice(("the ", "the ", "our ", "its ", "my ", ""))
    shown = [(name.replace("_", " ") if rng.random() < 0.5 else name, text) for name, text in texts]
    if rng.random() < 0.25:
        parts = [f"{text} {rng.choice(('is', 'stands for', 'was given for'))} the {name}" for name, text in shown]
    else:
        parts = [f"{the}{name} {is_} {text}" for name, text in shown]
    text = joined(parts) if rng.random() < 0.7 else ". ".join(_started(part, facts) if the else part for part in parts)
    return (_started(text, facts) if the else text) + ".", facts


def _upper(text: str) -> str:
    return text[0].upper() + text[1:]


SKILL = Skill("json_fields", "answers in JSON for a named set of fields", 0.14, 0.90, example, held_out)
