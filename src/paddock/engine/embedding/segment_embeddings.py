"""To which of two texts a token belongs: models like BERT add a vector that says so, "token type" or "segment".

The library adds to every token what means the first text. So for a model that ranks, which gets a question and a text,
vectors go into the batch in place of tokens: of the text's tokens those of the table, plus how the second kind differs
from the first.
"""

from typing import Any

import numpy as np

import gguf
from paddock.engine.binding import Model

TABLE, TYPES = "token_embd.weight", "token_types.weight"


class SegmentEmbeddings:
    """The vectors of a model's tokens, in the first text and in the second."""

    def __init__(self, table: gguf.ReaderTensor, difference: "np.ndarray[Any, Any]") -> None:
        self._table = table
        self._difference = difference
        self.width = len(difference)

    @classmethod
    def of(cls, model: Model) -> "SegmentEmbeddings | None":
        """Read them from the model's file; None if it does not tell texts apart."""
        tensors = {tensor.name: tensor for tensor in gguf.GGUFReader(model.path).tensors}
        types, table = tensors.get(TYPES), tensors.get(TABLE)
        if types is None or table is None or types.data.ndim != 2 or len(types.data) < 2:
            return None
        first, second = gguf.dequantize(types.data[:2], types.tensor_type)
        return cls(table, (second - first).astype(np.float32))

    def vectors(self, tokens: list[int], second: int) -> list[bytes]:
        """Return what stands for each token; those from index `second` on belong to the second text."""
        rows = gguf.dequantize(self._table.data[tokens], self._table.tensor_type).astype(np.float32)
        rows[second:] += self._difference
        return [row.tobytes() for row in rows]
