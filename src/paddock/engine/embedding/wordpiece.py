"""Word pieces: the tokenizer of BERT and its kin, to the letter.

The library has one, too. But where BERT drops only those marks that take no room beside a letter, it drops all: Hindi
and Bengali lose vowels. It keeps only the beginning of each Hangul syllable, and cuts words of any length.

What is done to the text: BertNormalizer, BertPreTokenizer and WordPiece of https://github.com/huggingface/tokenizers.
"""

import re
import unicodedata

from paddock.engine.binding import Model
from paddock.engine.binding.embedding import Normalizer, is_control_token, normalizer_of, separator_of, token_text

WORD_BEGINS = "\u2581"
"""Before the pieces that begin words, as the library's files have it."""
LONGEST_WORD = 100
"""Letters; longer words are unknown."""
CACHED_WORDS = 100_000

_IDEOGRAPHS = (
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0x20000, 0x2A6DF),
    (0x2A700, 0x2B73F),
    (0x2B740, 0x2B81F),
    (0x2B920, 0x2CEAF),  # so in the original, where 0x2B820 was meant
    (0x2F800, 0x2FA1F),
)


class WordPieces:
    """The tokenizer of a model with word pieces."""

    def __init__(self, model: Model) -> None:
        texts = [token_text(model, number) for number in range(model.vocabulary_size)]
        special = {text: number for number, text in enumerate(texts) if is_control_token(model, number)}
        self._first = {text[1:]: number for number, text in enumerate(texts) if text.startswith(WORD_BEGINS)}
        self._later = {text: n for n, text in enumerate(texts) if not text.startswith(WORD_BEGINS) and text}
        self._around = [model.bos] if model.bos >= 0 else [], [after] if (after := separator_of(model)) >= 0 else []
        self._unknown = [special["[UNK]"]] if "[UNK]" in special else []
        self._special = special
        marks = "|".join(re.escape(text) for text in sorted(special, key=len, reverse=True) if text)
        self._parts = re.compile(f"({marks})") if marks else None
        self._letters = _Letters(normalizer_of(model))
        self._strips = normalizer_of(model).strips_accents
        self._longest = max(map(len, texts), default=0)
        self._known: dict[str, list[int]] = {}

    def tokenize(self, text: str, *, add_special: bool = True) -> list[int]:
        """Return the tokens of a text; `add_special` adds those that belong around it."""
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
        if self._strips and not text.isascii():
            text = unicodedata.normalize("NFD", text)
        return text.translate(self._letters).split()

    def _pieces(self, word: str) -> list[int]:
        """Cut a word into the longest pieces, from its beginning; if that does not work out, it is unknown."""
        found = self._known.get(word)
        if found is None:
            found = self._cut(word)
            if len(self._known) >= CACHED_WORDS:
                self._known.clear()
            self._known[word] = found
        return found

    def _cut(self, word: str) -> list[int]:
        if len(word) > LONGEST_WORD:
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
    """What becomes of each character, found out when it is first met: words end up between single spaces."""

    def __init__(self, normalizer: Normalizer) -> None:
        super().__init__()
        self._normalizer = normalizer

    def __missing__(self, number: int) -> str:
        self[number] = became = _became(chr(number), self._normalizer)
        return became


def _became(letter: str, normalizer: Normalizer) -> str:
    kind = unicodedata.category(letter)
    if letter in "\t\n\r":
        return " "
    if letter == "\ufffd" or kind in ("Cc", "Cf", "Co", "Cs"):
        return ""
    if letter.isspace():
        return " "
    if normalizer.strips_accents and kind == "Mn":
        return ""
    if normalizer.lowers:
        letter = letter.lower()
    if _stands_alone(letter, kind):
        return f" {letter} "
    return letter


def _stands_alone(letter: str, kind: str) -> bool:
    """Whether a character is a word by itself."""
    if kind.startswith("P") or (letter.isascii() and kind.startswith("S")):
        return True
    return any(first <= ord(letter[0]) <= last for first, last in _IDEOGRAPHS)
