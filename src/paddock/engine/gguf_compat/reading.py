"""Reading of an open file at any place, whoever else reads it."""

import os
from typing import BinaryIO


def fill(buffer: memoryview, file: BinaryIO, place: int) -> None:
    """Fill `buffer` with what stands at `place`.

    Raises:
        OSError: if it cannot be read, or the file ends before.
    """
    done = 0
    while done < len(buffer):  # at most 2 GiB come at once
        read = os.preadv(file.fileno(), [buffer[done:]], place + done)
        if not read:
            raise OSError("the data of a tensor ends too early")
        done += read
