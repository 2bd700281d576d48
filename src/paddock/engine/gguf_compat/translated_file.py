"""A GGUF file translated while it is read: a new header, and tensors from the source file or computed."""

from bisect import bisect_right
from types import TracebackType
from typing import BinaryIO, Self

from paddock.engine.gguf_compat.header import MALFORMED, Data, FileRange, TranslatedHeader
from paddock.engine.gguf_compat.reading import read_at

_COPY_BYTES = 4 << 20
_HEADER = ""
"""In place of a tensor's name."""


class TranslatedFile:
    """The bytes of a file with another header. Nothing is written to disk. Close it when done."""

    def __init__(self, file: BinaryIO, header: TranslatedHeader) -> None:
        """Translate `file`, which the new object then owns, to `header`.

        Raises:
            ValueError, struct.error: if the header cannot be encoded. The caller still owns the file then.
        """
        self._header, offsets = header.to_bytes()
        self._file = file
        self._tensors = header.tensors
        self._computed: tuple[str, Data] = ("", b"")
        """Name and data of the tensor that was computed last."""
        self._starts: list[int] = [0]
        self._segments: list[tuple[str, FileRange]] = [(_HEADER, FileRange(0, len(self._header)))]
        """What begins at each of `_starts`: a tensor's name, and a range of the source file or of computed data."""
        self.size = len(self._header)
        """Bytes."""
        for name, tensor in header.tensors.items():
            start = offsets[name]
            for segment in tensor.ranges if tensor.compute is None else (FileRange(0, tensor.computed_size),):
                self._starts.append(start)
                self._segments.append((name, segment))
                start += segment.size
            self.size = max(self.size, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` with the bytes at `offset`; return their number, which is smaller only at the end.

        Raises:
            OSError: if the source file cannot be read, ends too early, or cannot be translated.
        """
        done = 0
        while done < len(buffer) and offset + done < self.size:
            done += self._read_some(buffer[done:], offset + done)
        return done

    def copy_to(self, file: BinaryIO) -> None:
        """Write all bytes to `file`.

        Raises:
            OSError: as `read_into`, or if `file` cannot be written.
        """
        buffer = memoryview(bytearray(_COPY_BYTES))
        offset = 0
        while read := self.read_into(buffer, offset):
            file.write(buffer[:read])
            offset += read

    def close(self) -> None:
        """Close the source file."""
        self._file.close()

    def _read_some(self, buffer: memoryview, offset: int) -> int:
        index = bisect_right(self._starts, offset) - 1
        name, (start, size) = self._segments[index]
        within = offset - self._starts[index]
        if within >= size:  # padding before the next tensor
            end = self._starts[index + 1] if index + 1 < len(self._starts) else self.size
            count = min(len(buffer), end - offset)
            buffer[:count] = bytes(count)
            return count
        count = min(len(buffer), size - within)
        if name == _HEADER and index == 0:
            buffer[:count] = self._header[within : within + count]
        elif self._tensors[name].compute is not None:
            buffer[:count] = memoryview(self._computed_data(name))[within : within + count]
        else:
            read_at(self._file, start + within, buffer[:count])
        return count

    def _computed_data(self, name: str) -> Data:
        if self._computed[0] != name or not self._computed[1]:
            self._computed = ("", b"")  # freed before the next one is computed: these may be large
            tensor = self._tensors[name]
            assert tensor.compute is not None
            try:
                data = tensor.compute()
            except MALFORMED as error:
                raise OSError(f"{name} cannot be translated: {error}") from None
            if len(data) != tensor.computed_size:
                raise OSError(f"{name} cannot be translated: it has {len(data)} bytes, not {tensor.computed_size}")
            self._computed = (name, data)
        return self._computed[1]
