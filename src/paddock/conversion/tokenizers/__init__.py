"""Conversion of a checkpoint's tokenizer to GGUF metadata: byte-level BPE, SentencePiece, unigram, WordPiece."""

from paddock.conversion.tokenizers.reading import read_vocabulary
from paddock.conversion.tokenizers.vocabulary import Vocabulary

__all__ = ["Vocabulary", "read_vocabulary"]
