"""Questions with words left out, as people type them: the words that remain have to be enough."""

from dataclasses import replace
from random import Random

from training.example import Conversation, Example

SMALL_WORDS = frozenset(
    """a an the is are was were do does did can could would will please me my i you your to of in on for it that this
    there so well hey hi tell know want have has be been and what which how about just now really""".split()
)
"""Words that a question can do without, mostly."""


def loosened(rng: Random, text: str) -> str:
    """Leave out some small words, and seldom change the order of two neighbours."""
    words = text.split()
    kept = [word for word in words if word.lower().strip("?,.!'") not in SMALL_WORDS or rng.random() < 0.55]
    if len(kept) > 3 and rng.random() < 0.15:
        i = rng.randrange(len(kept) - 1)
        kept[i], kept[i + 1] = kept[i + 1], kept[i]
    return " ".join(kept)


def with_loose_question(rng: Random, example: Example) -> Example:
    """Loosen the last thing that the user says, if enough of it remains."""
    if not isinstance(example, Conversation):
        return example
    last = max(i for i, turn in enumerate(example.turns) if turn.role == "user")
    text = loosened(rng, example.turns[last].content)
    if len(text.split()) < 2:
        return example
    turns = (*example.turns[:last], replace(example.turns[last], content=text), *example.turns[last + 1 :])
    return replace(example, turns=turns)
