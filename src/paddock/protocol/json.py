"""Decodes JSON bodies into structs and encodes replies."""

from typing import Any, TypeVar

import msgspec

from paddock.errors import ErrorKind, PaddockError

T = TypeVar("T")


class BadRequest(PaddockError, ValueError):
    """The request does not fit the endpoint; the message is for the client."""

    kind = ErrorKind.INVALID


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def decode(body: bytes, shape: type[T]) -> T:
    """Decode a request's body, whatever its content type; `null` counts as an object without fields.

    Raises:
        BadRequest: if the body is empty, is not JSON, or has a field of the wrong type.
    """
    if not body:
        raise BadRequest("missing request body")
    decoder = _decoders.get(shape)
    if decoder is None:
        decoder = _decoders[shape] = msgspec.json.Decoder(shape | None)
    try:
        value = decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(str(error)) from None
    return shape() if value is None else value


_encoder = msgspec.json.Encoder()
encode = _encoder.encode
"""Encode a value as JSON."""
