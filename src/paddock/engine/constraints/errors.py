"""Errors of constraints: before a reply, and in the middle of one."""


class BadConstraint(ValueError):
    """A constraint cannot be enforced. The message names the keyword and its place, and may be shown to clients."""


class ConstraintFailed(RuntimeError):
    """A reply cannot go on: its grammar became too complex, or a token was chosen that may not come."""
