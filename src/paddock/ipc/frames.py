"""Frames: messages as bytes, a 4-byte little-endian length and that many bytes of MessagePack."""

import struct
from collections.abc import Iterator

import msgspec

from paddock.ipc.messages import Command, Event

HEADER = struct.Struct("<I")
MAX_FRAME = 1 << 30
"""No message comes near this; a longer one means that the stream is out of step."""

_encoder = msgspec.msgpack.Encoder()
_commands: msgspec.msgpack.Decoder[Command] = msgspec.msgpack.Decoder(Command)
_events: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)


class BrokenStream(ValueError):
    """The bytes are no message: the two sides are out of step."""


def encode(message: Command | Event) -> bytes:
    """Return `message` as one frame."""
    body = _encoder.encode(message)
    return HEADER.pack(len(body)) + body


def decode_command(body: bytes | memoryview) -> Command:
    """Read a frame's body as a command.

    Raises:
        BrokenStream: if it is none.
    """
    try:
        return _commands.decode(body)
    except msgspec.DecodeError as error:
        raise BrokenStream(f"not a command: {error}") from None


def decode_event(body: bytes | memoryview) -> Event:
    """Read a frame's body as an event.

    Raises:
        BrokenStream: if it is none.
    """
    try:
        return _events.decode(body)
    except msgspec.DecodeError as error:
        raise BrokenStream(f"not an event: {error}") from None


class Frames:
    """Cuts a stream of bytes, fed in any pieces, into the bodies of its frames."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take `data` and yield each body that is now complete.

        Raises:
            BrokenStream: if a length is beyond `MAX_FRAME`.
        """
        buffer = self._buffer
        buffer += data
        start = 0
        try:
            while len(buffer) - start >= 4:
                (length,) = HEADER.unpack_from(buffer, start)
                if length > MAX_FRAME:
                    raise BrokenStream(f"a frame of {length} bytes")
                end = start + 4 + length
                if len(buffer) < end:
                    break
                with memoryview(buffer) as whole:
                    body = bytes(whole[start + 4 : end])
                start = end
                yield body
        finally:
            del buffer[:start]
