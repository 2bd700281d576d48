"""How many examples a property test looks at."""

from hypothesis import settings

DEFAULT_EXAMPLES = 100
"""Hypothesis's default, for which the numbers in the tests are meant."""


def scaled(examples: int) -> int:
    """Return the number of examples in the loaded profile for a test that has `examples` in the default one."""
    return max(min(examples, 2), examples * settings().max_examples // DEFAULT_EXAMPLES)
