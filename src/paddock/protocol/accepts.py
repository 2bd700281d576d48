"""Fields that are decoded as anything and read by hand, for the sake of their error texts.

`accepts` notes the type that such a field really takes, so that the description of the API can say it.
"""

from typing import Any

import msgspec

_KEY = "accepts"


def accepts(kind: Any) -> msgspec.Meta:
    """Return an annotation that says which type a field takes. It changes nothing in decoding."""
    return msgspec.Meta(extra={_KEY: kind})


def accepted_type(annotation: Any) -> Any:
    """Return the type that a field takes: what `accepts` noted, or else the annotation itself."""
    for meta in getattr(annotation, "__metadata__", ()):
        if isinstance(meta, msgspec.Meta) and meta.extra and _KEY in meta.extra:
            return meta.extra[_KEY]
    return annotation
