"""Vectors instead of tokens: what the library knows of a model's way to embed, and a context that does it."""

import ctypes
from enum import IntEnum
from typing import Any

from paddock.engine.binding.context import Context, ContextOptions
from paddock.engine.binding.library import lib
from paddock.engine.binding.model import Model

WORD_PIECE = 3
"""Of `enum llama_vocab_type`: the vocabulary of BERT."""

FLOAT_BYTES = 4


class Pooling(IntEnum):
    """How the vectors of a text's tokens become one; the numbers are those of `enum llama_pooling_type`."""

    UNSPECIFIED = -1
    NONE = 0
    MEAN = 1
    CLS = 2
    LAST = 3
    RANK = 4


def pooling_of(model: Model) -> Pooling:
    """Return the pooling that the model's file asks for; `UNSPECIFIED` if it asks for none that is known."""
    text = _metadata(model, "pooling_type")
    known = {str(int(kind)): kind for kind in Pooling}
    return known.get(text or "", Pooling.UNSPECIFIED)


def is_made_to_embed(model: Model) -> bool:
    """Whether the model's file says how to pool: such a model generates no text."""
    return _metadata(model, "pooling_type") is not None


def is_causal(model: Model) -> bool:
    """Whether tokens see only those before them, as far as the model's file tells."""
    return _metadata(model, "attention.causal") != "false"


def has_cache(model: Model) -> bool:
    """Whether computed tokens can be kept for the next batch: models like BERT compute a text at once.

    Raises:
        LoadError: if there is no memory even for the smallest context.
    """
    context = EmbeddingContext(model, ContextOptions(cells=32, batch_tokens=32, pooling=Pooling.NONE))
    try:
        return context.memory is not None
    finally:
        context.close()


def has_word_pieces(model: Model) -> bool:
    """Whether the vocabulary is one like BERT's."""
    return bool(lib.llama_vocab_type(model.vocab) == WORD_PIECE)


class NoVector(Exception):
    """A vector that should have been computed is not there."""


class EmbeddingContext(Context):
    """A context that computes vectors: one for each sequence of a batch, or with `Pooling.NONE` one for each token."""

    def __init__(self, model: Model, options: ContextOptions) -> None:
        """Make it; `options.pooling` must be set.

        Raises:
            LoadError: if there is no memory for it, or the model cannot have it so.
        """
        super().__init__(model, options)
        self._length: int = lib.llama_model_n_embd_out(model.pointer)
        if self.memory is None or not model.has_decoder:
            self._decode = lib.llama_encode

    def of_sequence(self, sequence: int) -> bytes:
        """Return what the last batch's tokens of `sequence` pool to, as 32-bit floats.

        Raises:
            NoVector: if it had none in that batch, or nothing is pooled.
        """
        return self._read(lib.llama_get_embeddings_seq(self.pointer, sequence))

    def of_token(self, index: int) -> bytes:
        """Return the vector of the last batch's token `index`, as 32-bit floats.

        Raises:
            NoVector: if the batch did not ask for its output.
        """
        return self._read(lib.llama_get_embeddings_ith(self.pointer, index))

    def _read(self, vector: Any) -> bytes:
        if not vector:
            raise NoVector("the library has no vector of this")
        return ctypes.string_at(vector, FLOAT_BYTES * self._length)


def _metadata(model: Model, key: str) -> str | None:
    """Return what the file says under the key of the model's architecture; None if it has no such key."""
    architecture = _value(model, "general.architecture")
    return _value(model, f"{architecture}.{key}")


def _value(model: Model, key: str) -> str | None:
    buffer = ctypes.create_string_buffer(128)
    length = lib.llama_model_meta_val_str(model.pointer, key.encode(), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if length >= 0 else None
