"""What one rendering of a chat template has left, and what is refused however much that is."""

import re
from collections.abc import Mapping
from typing import Any

from jinja2.runtime import Context

from paddock.templates.errors import TemplateFailed

MAX_WORK = 100_000_000
"""Characters and items that one rendering may read and write, and `STEP` for each pass, call and operator."""
STEP = 50
MAX_WIDTH = 4
"""Digits of the greatest width in a format."""

METER = " meter"
"""Where the context keeps what is left; no template can spell this name."""

SIZED = (str, bytes, list, tuple, dict, set, frozenset)
"""Types that are charged by their length."""

WIDE_FIELD = re.compile(r"\{[^{}]*(\{|\d{" + str(MAX_WIDTH + 1) + "})")
"""A field of `str.format` whose width is greater or not known."""
_WIDE_DIRECTIVE = re.compile(r"%(\([^)]*\))?[-+# 0]*[\d.]*(\*|\d{" + str(MAX_WIDTH + 1) + "})")


class Meter:
    """What one rendering may still read and write. Every method raises TemplateFailed when that is used up."""

    def __init__(self) -> None:
        self.left = MAX_WORK

    def spend(self, work: int) -> None:
        """Charge for work of a known size."""
        self.left -= work
        if self.left < 0:
            raise TemplateFailed("chat template: it does too much")

    def read(self, value: object) -> None:
        """Charge for reading a text, or the items of a container."""
        self.spend(STEP + (len(value) if isinstance(value, SIZED) else 0))

    def read_all(self, value: object) -> None:
        """Charge for everything in a value, which printing or comparing it reads."""
        if isinstance(value, str):
            self.spend(STEP + len(value))
            return
        pending = [value]
        while pending:
            value = pending.pop()
            self.read(value)
            if isinstance(value, Mapping):
                pending.extend(value.values())
            elif isinstance(value, list | tuple | set | frozenset):
                pending.extend(value)


def meter_of(context: Context) -> Meter:
    """Return the meter of the rendering that a context belongs to."""
    meter: Meter = context.parent[METER]
    return meter


def check_replace(meter: Meter, text: Any, old: Any, new: Any) -> None:
    """Charge for a text in which every `old` is replaced."""
    meter.spend(text.count(old) * len(new) + len(text))


def check_printf(text: str, values: Any) -> None:
    """Check the widths in a format with `%`.

    Raises:
        TemplateFailed: if one is too great, or not known.
    """
    if _WIDE_DIRECTIVE.search(text):
        raise TemplateFailed("chat template: the format's field is too wide")
