"""What the skill `about` asks for: an intent with its wordings and its answer."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Intent:
    """One thing that a user may say or ask, in many wordings.

    A line of `cores` is what a user wants to do ("list my models"); after "?" it is a whole question, after "!" it is
    said as it stands. `[a|b]` is a choice; `{m}` and `{n}` are names of models, `{t}` a number. `keys` must all stand
    in a right reply; a key may name alternatives with "|", and one with "-" first must not stand there.
    """

    cores: str
    held_out: str
    answer: str
    thinking: str
    keys: tuple[str, ...]
