"""The bounds of every number in a request and in a Modelfile, and what becomes of a number outside them.

Whoever uses a number takes it from here; the description of the API says it from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from paddock.durations import FOREVER, SECOND
from paddock.processors import processors

INT32 = 2**31 - 1
"""The largest number that llama.cpp takes for a count."""
INT64 = 2**63 - 1
"""The largest whole number that Go, and so Ollama, reads from JSON."""

MAX_STOPS = 256
"""Most stop strings of a request. The runner looks for each of them after every token, while others wait."""
MAX_STOP_CHARACTERS = 1 << 16
"""Most characters of all stop strings of a request."""

Number = TypeVar("Number", int, float)


class Outside(StrEnum):
    """What becomes of a number outside its bounds; the value says it in a description."""

    NEAREST = "a number outside counts as the nearest of these"
    ZERO = "a number outside counts as 0"
    REFUSED = "a number outside is an error"
    IGNORED = "it has no effect"


@dataclass(frozen=True)
class Bound:
    """The smallest and the largest number that has an effect of its own."""

    smallest: float
    largest: float
    outside: Outside = Outside.NEAREST
    note: str = ""
    """What else is to be known, in words."""

    def apply(self, number: Number) -> Number:
        """Return `number` if it is within the bounds, else what it counts as, in the type of `number`."""
        if self.outside is Outside.ZERO and not self.smallest <= number <= self.largest:
            return type(number)(0)
        return type(number)(min(max(number, self.smallest), self.largest))

    @property
    def description(self) -> str:
        """The bounds as a sentence of the API's description."""
        note = f" {self.note}" if self.note else ""
        return f"From {_shown(self.smallest)} to {_shown(self.largest)}; {self.outside.value}.{note}"


_IGNORED = Bound(-INT32 - 1, INT32, Outside.IGNORED)

OPTION_BOUNDS: Mapping[str, Bound] = {
    "num_ctx": Bound(4, INT32, note="Never more than the model was trained with. 0 or less: as if it were not given."),
    "num_batch": Bound(32, 2048, note="0 or less: as if it were not given."),
    "num_keep": Bound(-1, INT32, note="-1: the whole prompt."),
    "num_predict": Bound(-1, INT32),
    "num_gpu": Bound(-1, 9999),
    "main_gpu": Bound(0, 255),
    "num_thread": Bound(0, processors(), note="The largest is the number of processors of the server's machine."),
    "seed": Bound(-1, INT32),
    "top_k": Bound(0, INT32),
    "repeat_last_n": Bound(-1, INT32, note="Never more than the context has."),
    "mirostat": Bound(0, 2, Outside.ZERO),
    "temperature": Bound(0, 1000, note="Less than 0.000001: 0."),
    "top_p": Bound(0, 1),
    "min_p": Bound(0, 1),
    "typical_p": Bound(0, 1),
    "top_n_sigma": Bound(-1, 1000),
    "repeat_penalty": Bound(0.01, 100),
    "presence_penalty": Bound(-100, 100),
    "frequency_penalty": Bound(-100, 100),
    "mirostat_tau": Bound(0, 100),
    "mirostat_eta": Bound(0, 100),
    "tfs_z": _IGNORED,
    "draft_num_predict": _IGNORED,
}
"""The bounds of each option that is a number, by its name in the API."""

FIELD_BOUNDS: Mapping[str, Bound] = {
    "top_logprobs": Bound(0, 20, Outside.REFUSED),
    "dimensions": Bound(-INT64 - 1, INT64, Outside.REFUSED, "0 or less, or more than there are: all."),
    "top_n": Bound(1, INT64, Outside.REFUSED, "More than there are documents: all."),
    "context": Bound(-INT64 - 1, INT64, Outside.REFUSED, "These are the bounds of each token of it."),
    "index": Bound(-INT64 - 1, INT64, Outside.REFUSED),
    "keep_alive": Bound(-1, FOREVER // SECOND, note="They are seconds. Less than 0: for ever."),
}
"""The bounds of every other number in a request, by the name of its field."""


def _shown(number: float) -> str:
    """Return a number as people write it: powers of two are too long to be counted."""
    for bits in (31, 63):
        if number == 2**bits - 1:
            return f"2^{bits} - 1"
        if number == -(2**bits):
            return f"-2^{bits}"
    return f"{number:g}" if abs(number) < 1e6 else f"{number:,.0f}"
