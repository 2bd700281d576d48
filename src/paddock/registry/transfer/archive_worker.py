"""Process that reads the headers of a tar archive with Python's `tarfile`, and never sees what lies between them.

It is run as a script, with nothing to read but its standard input. It asks for bytes of the archive by lines of JSON on
its standard output, and gets an answer to each line but the last: a count (8 bytes, big-endian), then the bytes if it
asked for some.

- `{"read": N}`: the next N bytes, or fewer at the end of the archive.
- `{"skip": N}`: pass over the next N bytes; the count says over how many.
- `{"member": NAME, "size": N}`: a file whose content is the next N bytes; the count says how many were used.
- `{"end": true}`: the archive is read.
- `{"error": TEXT}`: it cannot be read.

A malicious archive can make `tarfile` take any time, memory and stack, so this process has limits on all three. It
reads no files but Python's.
"""

import json
import os
import struct
import sys
import tarfile
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from paddock.sandbox.confinement import confine

COUNT = struct.Struct(">Q")


@dataclass(frozen=True)
class ArchiveLimits:
    """What the headers of an archive may take."""

    members: int = 20_000
    """A model of today has up to some thousand blobs."""
    header_bytes: int = 16 << 10
    """Most bytes of one header. The headers that we write have 512, those of other programs a few kB. Before Python
    3.11.10, `tarfile` takes time by the square of a number's digits: 17 s for 100,000 of them, half a second for as
    many as fit."""
    nesting: int = 8
    """Most headers in a row that belong to one file: a long name, a long link, attributes."""
    name_characters: int = 4096
    memory_bytes: int = 256 << 20
    processor_seconds: int = 3
    """Time of the processor for the whole archive; reading 1,000 usual headers takes less than a tenth of a second."""
    wait_seconds: float = 60
    """Time in all that the server waits for this process, which on a busy machine is more than it computes."""


LIMITS = ArchiveLimits()


class Refused(Exception):
    """The archive exceeds a limit; the message says which."""


class Stream:
    """The archive, read from its front to its end by requests to the server."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO, limits: ArchiveLimits = LIMITS) -> None:
        self._requests = requests
        self._answers = answers
        self._limits = limits
        self._position = 0
        self.consumed = 0
        """Bytes of the archive that the server has given, passed over or used."""

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, or fewer at the end.

        Raises:
            Refused: if they are more than a header may have.
        """
        if not 0 <= size <= self._limits.header_bytes:
            raise Refused("a header in it is too large")
        again = min(size, self.consumed - self._position)  # at most one byte, of which only the presence counts
        data = bytes(again)
        if size > again:
            count = self._ask({"read": size - again})
            data += self._answers.read(count)
            self.consumed += count
        self._position += len(data)
        return data

    def seek(self, position: int) -> None:
        """Go on to `position`, or to the end if that comes first. The last byte can be read again.

        Raises:
            Refused: if it lies further back.
        """
        if position < self.consumed - 1:
            raise Refused("a header in it points backwards")
        if position > self.consumed:
            self.consumed += self._ask({"skip": position - self.consumed})
        self._position = min(position, self.consumed)

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._position

    def use(self, name: str, size: int) -> None:
        """Let the server use the next `size` bytes, the content of the file `name`."""
        self.consumed += self._ask({"member": name, "size": size})
        self._position = self.consumed

    def say(self, message: dict[str, Any]) -> None:
        """Send a message that has no answer."""
        self._requests.write(json.dumps(message).encode() + b"\n")
        self._requests.flush()

    def _ask(self, message: dict[str, Any]) -> int:
        self.say(message)
        answer = self._answers.read(COUNT.size)
        if len(answer) < COUNT.size:
            raise SystemExit(1)  # the server has gone, or is done with the archive
        return int(COUNT.unpack(answer)[0])


class _Header(tarfile.TarInfo):
    """A header; those that precede another header of the same file are counted."""

    @classmethod
    def fromtarfile(cls, archive: tarfile.TarFile) -> "_Header":
        assert isinstance(archive, _Archive)
        archive.nesting += 1
        if archive.nesting > LIMITS.nesting:
            raise Refused(f"a file in it has more than {LIMITS.nesting} headers")
        return super().fromtarfile(archive)


class _Archive(tarfile.TarFile):
    """An archive of which only the current member is kept."""

    tarinfo = _Header
    nesting = 0

    def next(self) -> tarfile.TarInfo | None:
        self.nesting = 0
        member = super().next()
        self.members.clear()  # type: ignore[attr-defined]
        return member


def read_archive(stream: Stream, limits: ArchiveLimits = LIMITS) -> None:
    """Read the archive and say what is in it.

    Raises:
        Refused: if it exceeds a limit.
        tarfile.TarError, ValueError, and others: if a header is malformed.
    """
    archive = _Archive.open(fileobj=cast(BinaryIO, stream), mode="r:")
    count = 0
    while (member := archive.next()) is not None:
        count += 1
        if count > limits.members:
            raise Refused(f"it holds more than {limits.members} files")
        if len(member.name) > limits.name_characters:
            raise Refused("a name in it is too long")
        if not member.isreg():
            continue
        if member.issparse():  # a few bytes may stand for terabytes
            raise Refused("a file in it is a sparse file")
        if member.size < 0 or member.offset_data != stream.consumed:
            raise Refused("a header in it is malformed")
        stream.use(member.name.encode("utf-8", "replace").decode(), member.size)


def reason(error: BaseException) -> str:
    """Return what an error of reading says to a person."""
    if isinstance(error, Refused):
        return str(error)
    if isinstance(error, MemoryError):
        return "its headers take too much memory"
    if isinstance(error, RecursionError):
        return "its headers are nested too deeply"
    if isinstance(error, tarfile.TarError) and str(error):
        return f"it is no tar file, or damaged: {' '.join(str(error).split())[:200]}"
    return "it is no tar file, or a header in it is malformed"


def limit_resources(limits: ArchiveLimits = LIMITS) -> None:
    """Bound the memory and the time of this process, and let it write no files and take no time from replies.

    It does nothing on Windows.
    """
    if sys.platform == "win32":
        return
    import resource

    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes),
        (resource.RLIMIT_CPU, limits.processor_seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, hard if kind == resource.RLIMIT_CPU else least))
    os.nice(10)


def main() -> None:
    """Read the archive that the server gives."""
    limit_resources()
    confine()
    stream = Stream(sys.stdout.buffer, sys.stdin.buffer)
    try:
        read_archive(stream)
    except Exception as error:
        stream.say({"error": reason(error)})
    else:
        stream.say({"end": True})


if __name__ == "__main__":
    main()
