"""Number types of the wire."""

from typing import Annotated

import msgspec

from paddock.bounds import INT64

Int64 = Annotated[int, msgspec.Meta(ge=-INT64 - 1, le=INT64)]
"""A 64-bit integer, as Go decodes it; anything larger is an error."""
