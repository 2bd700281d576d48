"""A file as another program should see it: with a new head, and with data that may be made on the way."""

from bisect import bisect_right
from types import TracebackType
from typing import BinaryIO, Self

from paddock.engine.gguf_compat.head import ODD, Data, Head, Piece
from paddock.engine.gguf_compat.reading import fill

_COPY = 4 << 20


class View:
    """What a file would be with another head. Nothing of it is written anywhere. Close it when done."""

    def __init__(self, file: BinaryIO, head: Head) -> None:
        """Show `file` as `head` describes it. The view is its owner from now on.

        Raises:
            ValueError, struct.error: if the head cannot be written. The file stays the caller's.
        """
        self._head, offsets = head.to_bytes()
        self._file = file
        self._made: tuple[str, Data] = ("", b"")
        """The tensor that was made last."""
        self._tensors = head.tensors
        self._starts: list[int] = [0]
        self._stretches: list[tuple[str, Piece]] = [("", (0, len(self._head)))]
        """What begins at each of the starts: the head, data of the file, or (with a name) of a tensor that is made."""
        self.size = len(self._head)
        """Bytes."""
        for name, tensor in head.tensors.items():
            start = offsets[name]
            for piece in tensor.pieces if tensor.make is None else ((0, tensor.made_size),):
                self._starts.append(start)
                self._stretches.append((name, piece))
                start += piece[1]
            self.size = max(self.size, start)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` with what stands at `offset`, as far as it goes; return how many bytes that are.

        Raises:
            OSError: if the file cannot be read, or ends too early.
        """
        done = 0
        while done < len(buffer) and offset + done < self.size:
            done += self._read_some(buffer[done:], offset + done)
        return done

    def copy_to(self, file: BinaryIO) -> None:
        """Write all of it to `file`.

        Raises:
            OSError: if the one cannot be read or the other not be written.
        """
        buffer = memoryview(bytearray(_COPY))
        offset = 0
        while read := self.read_into(buffer, offset):
            file.write(buffer[:read])
            offset += read

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_some(self, buffer: memoryview, offset: int) -> int:
        index = bisect_right(self._starts, offset) - 1
        name, (place, size) = self._stretches[index]
        within = offset - self._starts[index]
        if within >= size:  # what fills up to the next tensor
            end = self._starts[index + 1] if index + 1 < len(self._starts) else self.size
            count = min(len(buffer), end - offset)
            buffer[:count] = bytes(count)
            return count
        count = min(len(buffer), size - within)
        if not name:
            buffer[:count] = self._head[within : within + count]
        elif self._tensors[name].make is not None:
            buffer[:count] = memoryview(self._data(name))[within : within + count]
        else:
            fill(buffer[:count], self._file, place + within)
        return count

    def _data(self, name: str) -> Data:
        if self._made[0] != name:
            self._made = ("", b"")  # before the next one is made: these may be large
            tensor = self._tensors[name]
            assert tensor.make is not None
            try:
                data = tensor.make()
            except ODD as error:
                raise OSError(f"{name} cannot be translated: {error}") from None
            if len(data) != tensor.made_size:
                raise OSError(f"{name} cannot be translated: it has {len(data)} bytes, not {tensor.made_size}")
            self._made = (name, data)
        return self._made[1]
