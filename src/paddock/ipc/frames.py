"""Frames: how messages travel as bytes.

A frame is the length of its body, 4 bytes, little-endian, and the body: one message in MessagePack. A message is a map
with the names of its fields as keys and its kind under the key `type`; structs declared `array_like` are arrays of
their fields in order. Fields with defaults may be left out, unknown ones are ignored.
"""

import struct
from collections.abc import Iterable, Iterator

import msgspec

from paddock.ipc.commands import Command
from paddock.ipc.events import Event

HEADER = struct.Struct("<I")
MAX_FRAME = 1 << 30
"""Most bytes of a body. No message comes near this; a longer one means that the stream is out of step."""

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


class BrokenStream(ValueError):
    """The bytes are no message: the two sides are out of step. Nothing can be read after it."""


def encode(message: Command | Event) -> bytes:
    """Return `message` as one frame."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def decode_command(body: bytes | memoryview) -> Command:
    """Decode a frame's body as a command.

    Raises:
        BrokenStream: if it is not one.
    """
    try:
        return _commands.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenStream(f"not a command: {error}") from None


def decode_event(body: bytes | memoryview) -> Event:
    """Decode a frame's body as an event.

    Raises:
        BrokenStream: if it is not one.
    """
    try:
        return _events.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BrokenStream(f"not an event: {error}") from None


class Frames:
    """Cuts a stream of bytes, fed in any pieces, into the bodies of its frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Take `data` and return each body that is now complete, to be gone through before the next call.

        Raises:
            BrokenStream: when it comes to a length beyond `MAX_FRAME`.
        """
        if not self._buffer and len(data) >= HEADER.size and HEADER.unpack_from(data)[0] == len(data) - HEADER.size:
            return (data[HEADER.size :],)  # exactly one frame, as nearly always in a streamed reply
        return self._cut(data)

    def _cut(self, data: bytes) -> Iterator[bytes]:
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= HEADER.size:
                (length,) = HEADER.unpack_from(buffer, start)
                if length > MAX_FRAME:
                    raise BrokenStream(f"a frame of {length} bytes")
                end = start + HEADER.size + length
                if len(buffer) < end:
                    break
                with memoryview(buffer) as whole:
                    body = bytes(whole[start + HEADER.size : end])
                start = end
                yield body
        finally:
            del buffer[:start]
