"""Vectors instead of tokens: what the library knows of a model's way to embed, and a context that does it."""

import ctypes
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from paddock.engine.binding.context import Batch, Context, ContextOptions
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


@dataclass(frozen=True)
class Normalizer:
    """What a vocabulary like BERT's does to letters."""

    lowers: bool = True
    strips_accents: bool = True


def normalizer_of(model: Model) -> Normalizer:
    """Return what the model's file says of letters; both are done where it says nothing."""
    lowers, strips = (_value(model, f"tokenizer.ggml.normalizer.{key}") for key in ("lowercase", "strip_accents"))
    return Normalizer(lowers != "false", strips != "false")


def token_text(model: Model, token: int) -> str:
    """Return a token as it stands in the vocabulary, with its mark for the beginning of a word."""
    text: bytes = lib.llama_vocab_get_text(model.vocab, token) or b""
    return text.decode("utf-8", "replace")


def is_control_token(model: Model, token: int) -> bool:
    """Whether a token is no text."""
    return bool(lib.llama_vocab_is_control(model.vocab, token))


def separator_of(model: Model) -> int:
    """Return the token that stands after a text; below 0 if there is none."""
    return int(lib.llama_vocab_sep(model.vocab))


def separator_between(model: Model) -> list[int]:
    """Return the token that stands between two texts, beside what stands after the first; none if there is none."""
    separator = separator_of(model)
    return [separator] if lib.llama_vocab_get_add_sep(model.vocab) and separator >= 0 else []


def embedding_width(model: Model) -> int:
    """Return how many numbers a vector has."""
    return int(lib.llama_model_n_embd_out(model.pointer))


def rank_template(model: Model) -> str | None:
    """Return the text that a model that ranks wants around `{query}` and `{document}`; None if it wants none."""
    template = lib.llama_model_chat_template(model.pointer, b"rerank")
    text = template.decode("utf-8", "replace") if template else ""
    return text if "{query}" in text and "{document}" in text else None


def rank_classes(model: Model) -> int:
    """Return how many numbers a model that ranks, or sorts into classes, gives for each text."""
    return int(lib.llama_model_n_cls_out(model.pointer))


def rank_labels(model: Model) -> list[str]:
    """Return the names of those numbers; "" for one that has none."""
    found = [lib.llama_model_cls_label(model.pointer, number) for number in range(rank_classes(model))]
    return [(label or b"").decode("utf-8", "replace") for label in found]


class NoVector(Exception):
    """A vector that should have been computed is not there."""


class VectorBatch(Batch):
    """A batch of vectors, each in place of a token's own."""

    def __init__(self, room: int, width: int) -> None:
        """Make room for `room` vectors of `width` numbers."""
        super().__init__(room, width)
        self._bytes = FLOAT_BYTES * width
        self._vectors = ctypes.cast(self.struct.embd, ctypes.c_void_p).value or 0

    def add_vector(self, vector: bytes, position: int, sequence: int, logits: bool) -> int:
        """Append a vector of 32-bit floats and return its index.

        Raises:
            ValueError: if it has another length.
        """
        if len(vector) != self._bytes:
            raise ValueError(f"a vector of {len(vector)} bytes where {self._bytes} are wanted")
        i = self.size
        ctypes.memmove(self._vectors + i * self._bytes, vector, self._bytes)
        self._pos[i] = position
        self._seq[i][0] = sequence
        self._logits[i] = logits
        self.size = i + 1
        return i


class EmbeddingContext(Context):
    """A context that computes vectors: one for each sequence of a batch, or with `Pooling.NONE` one for each token."""

    def __init__(self, model: Model, options: ContextOptions) -> None:
        """Make it; `options.pooling` must be set.

        Raises:
            LoadError: if there is no memory for it, or the model cannot have it so.
        """
        super().__init__(model, options)
        self._length = rank_classes(model) if options.pooling is Pooling.RANK else embedding_width(model)
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
