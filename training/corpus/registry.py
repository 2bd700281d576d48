"""All skills, and examples drawn from them."""

from dataclasses import replace
from functools import cache
from random import Random

from training.corpus import about, copying, facts, fim, json_fields, memory, system, thinking, tools, unknown
from training.corpus.loosening import with_loose_question
from training.example import Conversation, Example

SKILLS = (
    about.SKILL,
    facts.SKILL,
    unknown.SKILL,
    system.SKILL,
    memory.SKILL,
    copying.SKILL,
    tools.SKILL,
    thinking.SKILL,
    json_fields.SKILL,
    fim.SKILL,
)

LOOSE = {about.SKILL.name: 0.2, facts.SKILL.name: 0.2}
"""Of these skills' examples, the part in which the last question has words left out."""

CUT = {memory.SKILL.name: 0.35}
CUT_OTHERS = 0.08
"""The part of conversations that end after an earlier reply: else what is told first would never be thought about."""

_SHARES = tuple(skill.share for skill in SKILLS)


def draw(rng: Random) -> Example:
    """Make one more example, of a skill drawn by its share."""
    skill = rng.choices(SKILLS, _SHARES)[0]
    example = _cut(rng, skill.example(rng), CUT.get(skill.name, CUT_OTHERS))
    if rng.random() < LOOSE.get(skill.name, 0):
        loose = with_loose_question(rng, example)
        return example if _asked(loose) & _held_out() else loose
    return example


def _cut(rng: Random, example: Example, often: float) -> Example:
    """Sometimes leave out all turns from a later question of the user's on."""
    if not isinstance(example, Conversation) or rng.random() >= often:
        return example
    asked = [i for i, turn in enumerate(example.turns) if turn.role == "user"][1:]
    return replace(example, turns=example.turns[: rng.choice(asked)]) if asked else example


@cache
def _held_out() -> frozenset[str]:
    """Everything that a user says in a held-out prompt of the skills whose questions are loosened."""
    checks = [check for skill in SKILLS if skill.name in LOOSE for check in skill.held_out()]
    return frozenset(text for check in checks for text in _asked(check.prompt))


def _asked(example: Example) -> set[str]:
    if not isinstance(example, Conversation):
        return set()
    return {"".join(c for c in turn.content.lower() if c.isalnum()) for turn in example.turns if turn.role == "user"}
