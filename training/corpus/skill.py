"""What each skill's module offers."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from training.example import Check, Example


@dataclass(frozen=True)
class Skill:
    """A skill: `example` makes one more example to learn from, `held_out` all prompts that the evaluation asks.

    `share` is the part of the corpus (of all examples) that it gets, `pass_rate` what the model has to reach.
    """

    name: str
    title: str
    share: float
    pass_rate: float
    example: Callable[[Random], Example]
    held_out: Callable[[], list[Check]]
