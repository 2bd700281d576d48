"""All skills, and examples drawn from them."""

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

_SHARES = tuple(skill.share for skill in SKILLS)


def draw(rng: Random) -> Example:
    """Make one more example, of a skill drawn by its share."""
    skill = rng.choices(SKILLS, _SHARES)[0]
    example = skill.example(rng)
    if rng.random() < LOOSE.get(skill.name, 0):
        loose = with_loose_question(rng, example)
        return example if _asked(loose) & _held_out() else loose
    return example


@cache
def _held_out() -> frozenset[str]:
    """Everything that a user says in a held-out prompt of the skills whose questions are loosened."""
    checks = [check for skill in SKILLS if skill.name in LOOSE for check in skill.held_out()]
    return frozenset(text for check in checks for text in _asked(check.prompt))


def _asked(example: Example) -> set[str]:
    if not isinstance(example, Conversation):
        return set()
    return {"".join(c for c in turn.content.lower() if c.isalnum()) for turn in example.turns if turn.role == "user"}
