"""Segment embeddings of BERT rerankers: a vector per token that says whether it is in the query or in the document.

llama.cpp adds the vector of the first segment to every token. So the engine passes embeddings instead of tokens: the
rows of the embedding table, and for the document's tokens also the difference between the two segments' vectors.
"""

from pathlib import Path
from typing import Any

import numpy as np

import gguf
from paddock.engine.binding import LlamaModel
from paddock.gguf import GgufHeader, GgufTensor, read_header
from paddock.gguf.types import TENSOR_TYPE_NUMBERS

TABLE, SEGMENTS = "token_embd.weight", "token_types.weight"

Floats = np.ndarray[Any, Any]


class SegmentEmbeddings:
    """The embeddings of a model's tokens, in the first segment and in the second."""

    def __init__(self, table: "_Rows", difference: Floats) -> None:
        self._table = table
        self._difference = difference
        self.width = len(difference)

    @classmethod
    def of(cls, model: LlamaModel) -> "SegmentEmbeddings | None":
        """Read the segment embeddings from the model's file; None if it has no two segments."""
        path = Path(model.path)
        header = read_header(path)
        tensors = {tensor.name: tensor for tensor in header.tensors}
        segments, table = tensors.get(SEGMENTS), tensors.get(TABLE)
        if segments is None or table is None or len(segments.shape) != 2 or segments.shape[1] < 2:
            return None
        first, second = _Rows(path, header, segments).read([0, 1])
        return cls(_Rows(path, header, table), second - first)

    def vectors(self, tokens: list[int], document_start: int) -> list[bytes]:
        """Return the embedding of each token; tokens from index `document_start` on belong to the second segment."""
        rows = self._table.read(tokens)
        rows[document_start:] += self._difference
        return [row.tobytes() for row in rows]


class _Rows:
    """The rows of a matrix in a GGUF file, mapped, and dequantized when they are read."""

    def __init__(self, path: Path, header: GgufHeader, tensor: GgufTensor) -> None:
        rows = tensor.elements // tensor.shape[0]
        start = header.data_offset + tensor.offset
        self._data = np.memmap(path, np.uint8, "r", start, (rows, tensor.size // rows))
        self._type = gguf.GGMLQuantizationType(TENSOR_TYPE_NUMBERS[tensor.type])

    def read(self, rows: list[int]) -> Floats:
        """Return rows as 32-bit floats."""
        return gguf.dequantize(np.array(self._data[rows]), self._type).astype(np.float32)  # type: ignore[no-any-return]
