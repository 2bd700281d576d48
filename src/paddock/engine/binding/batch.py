"""The input of one `llama_decode`: tokens with their positions and sequence ids, in memory of our own."""

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any, Protocol

from paddock.engine.binding.library import lib

INT_BYTES = 4


class DecodeInput(Protocol):
    """Input of `Context.decode`."""

    struct: Any
    """The `llama_batch`."""
    size: int
    """Number of its tokens or embeddings."""


class Batch:
    """Tokens for one `llama_decode`, filled anew for each step. Each token belongs to one sequence."""

    def __init__(self, room: int) -> None:
        """Make room for `room` tokens."""
        self.room = room
        self.size = 0
        self._token, self._pos, self._seq_id = (array("i", bytes(INT_BYTES * room)) for _ in range(3))
        self._logits = array("b", bytes(room))
        self._counts = array("i", [1]) * room
        # llama.cpp has their addresses: while they have views, Python refuses to move them.
        self._views = [memoryview(one) for one in (self._token, self._pos, self._seq_id, self._logits, self._counts)]
        first = self._seq_id.buffer_info()[0]
        self._seq_ids = (ctypes.POINTER(ctypes.c_int32) * room)(
            *(_int_pointer(first + INT_BYTES * i) for i in range(room))
        )
        self.struct = lib.llama_batch()
        self.struct.token = _int_pointer(self._token.buffer_info()[0])
        self.struct.pos = _int_pointer(self._pos.buffer_info()[0])
        self.struct.n_seq_id = _int_pointer(self._counts.buffer_info()[0])
        self.struct.seq_id = self._seq_ids
        self.struct.logits = ctypes.cast(self._logits.buffer_info()[0], ctypes.POINTER(ctypes.c_int8))

    def clear(self) -> None:
        """Remove all tokens."""
        self.size = 0

    def add(self, token: int, position: int, seq_id: int, logits: bool) -> int:
        """Append a token and return its index, which `Context.logits` and `SamplerChain.sample` take."""
        i = self.size
        self._token[i] = token
        self._pos[i] = position
        self._seq_id[i] = seq_id
        self._logits[i] = logits
        self.size = i + 1
        return i

    def extend(self, tokens: Sequence[int], position: int, seq_id: int, num_logits: int) -> int:
        """Append consecutive tokens from `position` on and return the index of the last one.

        The last `num_logits` of them get logits.
        """
        start, count = self.size, len(tokens)
        end = start + count
        self._token[start:end] = array("i", tokens)
        self._pos[start:end] = array("i", range(position, position + count))
        self._seq_id[start:end] = array("i", [seq_id]) * count
        self._logits[start:end] = array("b", bytes(count - num_logits) + b"\1" * num_logits)
        self.size = end
        return end - 1

    def close(self) -> None:
        """Free the memory."""
        self.struct = None


class InputVectorBatch(Batch):
    """A batch with a vector in place of each token's own."""

    def __init__(self, room: int, width: int) -> None:
        """Make room for `room` vectors of `width` numbers."""
        super().__init__(room)
        self._bytes = ctypes.sizeof(ctypes.c_float) * width
        self._vectors = bytearray(room * self._bytes)
        self._first = (ctypes.c_float * (room * width)).from_buffer(self._vectors)
        self.struct.token = None
        self.struct.embd = self._first

    def add_vector(self, vector: bytes, position: int, seq_id: int, logits: bool) -> int:
        """Append a vector of 32-bit floats and return its index.

        Raises:
            ValueError: if the vector has another width.
        """
        if len(vector) != self._bytes:
            raise ValueError(f"a vector of {len(vector)} bytes where {self._bytes} are needed")
        start = self.size * self._bytes
        self._vectors[start : start + self._bytes] = vector
        return self.add(0, position, seq_id, logits)


def _int_pointer(address: int) -> Any:
    return ctypes.cast(address, ctypes.POINTER(ctypes.c_int32))
