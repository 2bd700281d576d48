"""What a reply may be: its tokens are held, one by one, to a JSON schema, a regular expression or a grammar.

`constraint` reads a request's format; the `Constraint` that it returns goes along with one reply. Importing this room
is cheap: the library that knows grammars, and numpy, are imported when a model's `Vocabulary` is made.
"""

from paddock.engine.constraints.constraint import Constraint, constraint
from paddock.engine.constraints.errors import BadConstraint, ConstraintFailed
from paddock.engine.constraints.vocabulary import Vocabulary

__all__ = ["BadConstraint", "Constraint", "ConstraintFailed", "Vocabulary", "constraint"]
