"""The field `keep_alive`: how long a model stays in memory after a request."""

import math
from typing import Any

from paddock.durations import FOREVER, NANOSECONDS, InvalidDuration, parse_duration
from paddock.protocol.json import BadRequest

GO_TYPES = {bool: "bool", dict: "map[string]interface {}", list: "[]interface {}"}
"""Go's names of the JSON types that are not accepted; clients match on the error text."""


def read_keep_alive(value: Any) -> int | None:
    """Return nanoseconds for a request's `keep_alive`, or None if it is absent. A negative value means forever.

    Raises:
        BadRequest: with the wording of Go's parser.
    """
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadRequest(f"Unsupported type: '{GO_TYPES[type(value)]}'")
    if isinstance(value, str):
        try:
            nanoseconds: float = parse_duration(value)
        except InvalidDuration as error:
            raise BadRequest(str(error)) from None
    else:
        nanoseconds = value * NANOSECONDS["s"]
    if nanoseconds < 0 or (isinstance(nanoseconds, float) and math.isnan(nanoseconds)):
        return FOREVER
    return int(min(nanoseconds, FOREVER))
