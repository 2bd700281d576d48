"""Errors of constraints: before a reply, and in the middle of one."""


class BadConstraint(ValueError):
    """A constraint cannot be enforced. The message names the keyword and its place, and may be shown to clients."""


class ConstraintFailed(RuntimeError):
    """A reply cannot go on: its grammar became too complex, or a token was chosen that may not come."""


class FormatTooComplex(ConstraintFailed):
    """A reply cannot go on because its format allows so much at one place that it exceeds the limits of the parser."""

    def __init__(self) -> None:
        super().__init__("the format allows too many things at one place to be followed")
