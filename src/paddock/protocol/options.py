"""The field `options` of requests, which has the names of Ollama's options."""

import logging
from typing import Any

from paddock.library.options import read_options
from paddock.options import NO_OPTIONS, Options

log = logging.getLogger("paddock.protocol")

MAX_NAMED_OPTIONS = 10
"""Number of unknown options of one request that the log names; the others are only counted."""


def read_client_options(values: dict[str, Any] | None) -> Options:
    """Return the options of a request. Unknown ones are logged and ignored.

    Raises:
        InvalidOption: if a value has the wrong type.
    """
    if not values:
        return NO_OPTIONS
    options, unknown = read_options(values)
    for name in unknown[:MAX_NAMED_OPTIONS]:
        log.warning("option %r is unknown and ignored", name)
    if len(unknown) > MAX_NAMED_OPTIONS:
        log.warning("%d more options are unknown and ignored", len(unknown) - MAX_NAMED_OPTIONS)
    return options
