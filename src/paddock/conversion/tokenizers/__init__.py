"""The tokenizer of a checkpoint, as metadata of a GGUF file: byte pairs, SentencePiece, word pieces."""

from paddock.conversion.tokenizers.reading import read_vocabulary
from paddock.conversion.tokenizers.vocabulary import Vocabulary

__all__ = ["Vocabulary", "read_vocabulary"]
