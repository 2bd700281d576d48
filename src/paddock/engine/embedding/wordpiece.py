"""WordPiece: the exact tokenizer of BERT and similar models.

llama.cpp has one, too, but it strips all combining characters where BERT strips only the non-spacing ones, so that
Hindi and Bengali lose vowels. It also keeps only the beginning of each Hangul syllable, and cuts words of any length.

The steps are those of BertNormalizer, BertPreTokenizer and WordPiece in https://github.com/huggingface/tokenizers.
"""

import re
import unicodedata

from paddock.engine.binding import LlamaModel
from paddock.engine.binding.embedding import Normalizer, is_control_token, normalizer_of, separator_of, token_text

GGUF_WORD_PREFIX = "\u2581"
"""The prefix of pieces that start words, in GGUF files."""
MAX_WORD_CHARACTERS = 100
"""Longer words are unknown, as in the original."""

_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),  # copied from the original, which means 0x2B820
    (0x2F800, 0x2FA1F),
)


class WordPieces:
    """The tokenizer of a model with word pieces."""

    def __init__(self, model: LlamaModel, max_cached_words: int) -> None:
        """Read the vocabulary of the model; remember the pieces of up to `max_cached_words` words."""
        self._max_cached_words = max_cached_words
        texts = [token_text(model, number) for number in range(model.vocabulary_size)]
        special = {text: number for number, text in enumerate(texts) if is_control_token(model, number)}
        self._first = {text[1:]: number for number, text in enumerate(texts) if text.startswith(GGUF_WORD_PREFIX)}
        self._later = {text: n for n, text in enumerate(texts) if not text.startswith(GGUF_WORD_PREFIX) and text}
        self._around = [model.bos] if model.bos >= 0 else [], [after] if (after := separator_of(model)) >= 0 else []
        self._unknown = [special["[UNK]"]] if "[UNK]" in special else []
        self._special = special
        special_texts = "|".join(re.escape(text) for text in sorted(special, key=len, reverse=True) if text)
        self._parts = re.compile(f"({special_texts})") if special_texts else None
        self._letters = _Letters(normalizer_of(model))
        self._strip_accents = normalizer_of(model).strip_accents
        self._longest = max(map(len, texts), default=0)
        self._known: dict[str, list[int]] = {}

    def tokenize(self, text: str, *, add_special: bool = True) -> list[int]:
        """Return the tokens of a text; `add_special` adds [CLS] and [SEP] around them."""
        before, after = self._around if add_special else ([], [])
        tokens = list(before)
        for part in self._parts.split(text) if self._parts is not None else [text]:
            number = self._special.get(part)
            if number is not None:
                tokens.append(number)
                continue
            for word in self._words(part):
                tokens += self._pieces(word)
        return tokens + after

    def _words(self, text: str) -> list[str]:
        if self._strip_accents and not text.isascii():
            text = unicodedata.normalize("NFD", text)
        return text.translate(self._letters).split()

    def _pieces(self, word: str) -> list[int]:
        """Return the longest pieces that a word consists of, from its start; the unknown token if there are none."""
        found = self._known.get(word)
        if found is None:
            found = self._cut(word)
            if len(self._known) >= self._max_cached_words:
                self._known.clear()
            self._known[word] = found
        return found

    def _cut(self, word: str) -> list[int]:
        if len(word) > MAX_WORD_CHARACTERS:
            return self._unknown
        pieces: list[int] = []
        start, known = 0, self._first
        while start < len(word):
            for end in range(min(len(word), start + self._longest), start, -1):
                number = known.get(word[start:end])
                if number is not None:
                    break
            else:
                return self._unknown
            pieces.append(number)
            start, known = end, self._later
        return pieces


class _Letters(dict[int, str]):
    """The normalized form of each character, computed when it is first needed, with spaces around separate words."""

    def __init__(self, normalizer: Normalizer) -> None:
        super().__init__()
        self._normalizer = normalizer

    def __missing__(self, number: int) -> str:
        self[number] = normalized = _normalize(chr(number), self._normalizer)
        return normalized


def _normalize(letter: str, normalizer: Normalizer) -> str:
    kind = unicodedata.category(letter)
    if letter in "\t\n\r":
        return " "
    if letter == "\ufffd" or kind in ("Cc", "Cf", "Co", "Cs"):
        return ""
    if letter.isspace():
        return " "
    if normalizer.strip_accents and kind == "Mn":
        return ""
    if normalizer.lowercase:
        letter = letter.lower()
    if _is_word(letter, kind):
        return f" {letter} "
    return letter


def _is_word(letter: str, kind: str) -> bool:
    """Return whether a character is a word by itself."""
    if kind.startswith("P") or (letter.isascii() and kind.startswith("S")):
        return True
    return any(first <= ord(letter[0]) <= last for first, last in _IDEOGRAPHS)
