"""What can go wrong with a constraint: before a reply, and in the middle of one."""


class BadConstraint(ValueError):
    """A request's format cannot be enforced; the message names the keyword and its place, and is fit to be shown."""


class ConstraintFailed(RuntimeError):
    """A reply cannot go on within its constraint: the grammar became too complex, or a token came that is not in it."""
