"""All skills, and examples drawn from them."""

from random import Random

from training.corpus import about, copying, facts, fim, json_fields, memory, system, thinking, tools, unknown
from training.example import Example

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

_SHARES = tuple(skill.share for skill in SKILLS)


def draw(rng: Random) -> Example:
    """Make one more example, of a skill drawn by its share."""
    return rng.choices(SKILLS, _SHARES)[0].example(rng)
