"""Embedding models: what their files say of pooling, ranking and tokens, and a context that computes vectors."""

import ctypes
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from paddock.engine.binding.context import Context, ContextOptions
from paddock.engine.binding.library import lib
from paddock.engine.binding.model import LlamaModel

WORD_PIECE = 3
"""BERT's vocabulary in `enum llama_vocab_type`."""


class Pooling(IntEnum):
    """How the vectors of a text's tokens become one, numbered as in `enum llama_pooling_type`."""

    UNSPECIFIED = -1
    NONE = 0
    MEAN = 1
    CLS = 2
    LAST = 3
    RANK = 4


def pooling_of(model: LlamaModel) -> Pooling:
    """Return the pooling that the model's file names; `UNSPECIFIED` if it names none that is known."""
    text = _metadata(model, "pooling_type")
    known = {str(int(kind)): kind for kind in Pooling}
    return known.get(text or "", Pooling.UNSPECIFIED)


def is_made_to_embed(model: LlamaModel) -> bool:
    """Return whether the model's file names a pooling: such a model generates no text."""
    return _metadata(model, "pooling_type") is not None


def is_causal(model: LlamaModel) -> bool:
    """Return whether tokens attend only to those before them, as far as the model's file says."""
    return _metadata(model, "attention.causal") != "false"


def has_cache(model: LlamaModel) -> bool:
    """Return whether computed tokens stay for the next batch; models like BERT compute a text at once.

    Raises:
        LoadError: if there is no memory even for the smallest context.
    """
    context = EmbeddingContext(model, ContextOptions(cells=32, batch_tokens=32, pooling=Pooling.NONE))
    try:
        return context.memory is not None
    finally:
        context.close()


def has_word_pieces(model: LlamaModel) -> bool:
    """Return whether the vocabulary consists of word pieces, like BERT's."""
    return bool(lib.llama_vocab_type(model.vocab) == WORD_PIECE)


@dataclass(frozen=True)
class Normalizer:
    """What the tokenizer of a vocabulary like BERT's does to letters first."""

    lowercase: bool = True
    strip_accents: bool = True


def normalizer_of(model: LlamaModel) -> Normalizer:
    """Return the normalizer in the model's file; both steps are on where it says nothing."""
    lowercase, strip_accents = (
        _value(model, f"tokenizer.ggml.normalizer.{key}") for key in ("lowercase", "strip_accents")
    )
    return Normalizer(lowercase != "false", strip_accents != "false")


def token_text(model: LlamaModel, token: int) -> str:
    """Return a token as the vocabulary spells it, with its sign for the beginning of a word."""
    text: bytes = lib.llama_vocab_get_text(model.vocab, token) or b""
    return text.decode("utf-8", "replace")


def is_control_token(model: LlamaModel, token: int) -> bool:
    """Return whether a token is a control token, which stands for no text."""
    return bool(lib.llama_vocab_is_control(model.vocab, token))


def separator_of(model: LlamaModel) -> int:
    """Return the token that follows a text; a negative number if there is none."""
    return int(lib.llama_vocab_sep(model.vocab))


def separator_between(model: LlamaModel) -> list[int]:
    """Return the tokens between two texts, after those that follow the first; empty if there are none."""
    separator = separator_of(model)
    return [separator] if lib.llama_vocab_get_add_sep(model.vocab) and separator >= 0 else []


def embedding_width(model: LlamaModel) -> int:
    """Return the number of dimensions of a vector."""
    return int(lib.llama_model_n_embd_out(model.pointer))


def rank_template(model: LlamaModel) -> str | None:
    """Return a reranker's prompt template, with `{query}` and `{document}` in it; None if it has none."""
    template = lib.llama_model_chat_template(model.pointer, b"rerank")
    text = template.decode("utf-8", "replace") if template else ""
    return text if "{query}" in text and "{document}" in text else None


def rank_classes(model: LlamaModel) -> int:
    """Return how many numbers a reranker or classifier computes for each text."""
    return int(lib.llama_model_n_cls_out(model.pointer))


def rank_labels(model: LlamaModel) -> list[str]:
    """Return the names of those numbers; "" for a number without one."""
    found = [lib.llama_model_cls_label(model.pointer, number) for number in range(rank_classes(model))]
    return [(label or b"").decode("utf-8", "replace") for label in found]


class NoVector(Exception):
    """The library has not computed a vector that it should have."""


class EmbeddingContext(Context):
    """A context that computes vectors: one for each sequence of a batch, or with `Pooling.NONE` one for each token."""

    def __init__(self, model: LlamaModel, options: ContextOptions) -> None:
        """Make it; `options.pooling` must be set.

        Raises:
            LoadError: if there is no memory for it, or the model does not work with these options.
        """
        super().__init__(model, options)
        self._length = rank_classes(model) if options.pooling is Pooling.RANK else embedding_width(model)
        if self.memory is None or not model.has_decoder:
            self._decode = lib.llama_encode

    def of_sequence(self, seq_id: int) -> bytes:
        """Return the pooled vector of `seq_id` from the last batch, as 32-bit floats.

        Raises:
            NoVector: if the sequence had no tokens in that batch, or nothing is pooled.
        """
        return self._read(lib.llama_get_embeddings_seq(self.pointer, seq_id))

    def of_token(self, index: int) -> bytes:
        """Return the vector of the last batch's token `index`, as 32-bit floats.

        Raises:
            NoVector: if the batch did not ask for its output.
        """
        return self._read(lib.llama_get_embeddings_ith(self.pointer, index))

    def _read(self, vector: Any) -> bytes:
        if not vector:
            raise NoVector("the library has not computed this vector")
        return ctypes.string_at(vector, ctypes.sizeof(ctypes.c_float) * self._length)


def _metadata(model: LlamaModel, key: str) -> str | None:
    """Return the value of a key of the model's architecture; None if the file has no such key."""
    architecture = _value(model, "general.architecture")
    return _value(model, f"{architecture}.{key}")


def _value(model: LlamaModel, key: str) -> str | None:
    buffer = ctypes.create_string_buffer(128)
    length = lib.llama_model_meta_val_str(model.pointer, key.encode(), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if length >= 0 else None
