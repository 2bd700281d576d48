"""JSON bodies to structs, and back."""

from typing import Any, TypeVar

import msgspec

from paddock.errors import ErrorKind, PaddockError

T = TypeVar("T")


class BadRequest(PaddockError, ValueError):
    """The body is not what the endpoint takes; the message is for the client."""

    kind = ErrorKind.INVALID


_decoders: dict[type, msgspec.json.Decoder[Any]] = {}


def decode(body: bytes, shape: type[T]) -> T:
    """Read a request's body, whatever its content type; `null` stands for an object without fields.

    Raises:
        BadRequest: if there is none, if it is not JSON, or if a field has the wrong type.
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
"""Write a value as JSON."""
