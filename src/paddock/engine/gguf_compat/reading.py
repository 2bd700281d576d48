"""Reading from an open file at a given position, without moving the file's own position."""

import os
from typing import BinaryIO


def read_at(file: BinaryIO, position: int, buffer: memoryview) -> None:
    """Fill `buffer` with the bytes of `file` at `position`.

    Raises:
        OSError: if they cannot be read, or the file ends before the buffer is full.
    """
    done = 0
    while done < len(buffer):  # the system reads at most 2 GiB at once
        read = os.preadv(file.fileno(), [buffer[done:]], position + done)
        if not read:
            raise OSError("the data of a tensor ends too early")
        done += read
