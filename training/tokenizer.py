"""The tokenizer: byte-level BPE that cuts a word the same after a space, a quote and a newline.

Text is cut as "qwen2" in llama.cpp cuts it, where a space goes with the word behind it. The merges are learned from
text cut more finely, so that none crosses from a space or a quote into a word. Only then, as the last merges, a space
is joined with words that are frequent and seldom begin a longer word: " the" becomes one token, while the letters of
a word that is copied from a quote give the same tokens wherever they stand.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers  # type: ignore[import-untyped]

from training.chat_format import BOS, CONTROL, END, MARKUP, segments
from training.corpus.registry import draw

SPECIAL = (*CONTROL, *MARKUP)
"""Tokens that the text of a conversation contains whole; their ids come first."""

PIECES = 2000
"""Special tokens, bytes and pieces of words."""

JOINED = 900
"""How many words, at most, become one token with the space in front of them..."""

JOINED_FROM = 100
"""...and how often a word has to occur for that."""

PRE_TOKENIZER = "qwen2"
"""The name under which GGUF files say how text is cut before merging."""

_CUT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_FINE_CUT = r"\s*[\r\n]+|\s+(?!\S)|\s|\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})|\p{L}|\p{N}|[^\s\p{L}\p{N}]+"
_SPACE = "Ġ"
_SPECIAL_TEXT = re.compile("|".join(re.escape(text) for text in SPECIAL))


def sample(count: int, seed: int = 1) -> Iterator[str]:
    """Draw examples and yield their text without special tokens."""
    rng = Random(seed)
    for _ in range(count):
        text = "".join(segment.text for segment in segments(draw(rng), rng.random() < 0.5))
        yield from filter(None, _SPECIAL_TEXT.split(text))


def train(texts: Iterable[str]) -> Tokenizer:
    """Learn a vocabulary from texts without special tokens."""
    texts = list(texts)
    learned = Tokenizer(models.BPE())
    learned.pre_tokenizer = _cutter(_FINE_CUT)
    trainer = trainers.BpeTrainer(
        vocab_size=PIECES,
        min_frequency=8,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    learned.train_from_iterator(texts, trainer)
    vocabulary, merges = learned.get_vocab(), merges_of(learned)
    for word in _worth_joining(_assemble(vocabulary, merges), texts):
        vocabulary[_SPACE + word] = len(vocabulary)
        merges.append((_SPACE, word))
    return _assemble(vocabulary, merges)


def merges_of(tokenizer: Tokenizer) -> list[tuple[str, str]]:
    """Return the merges of a tokenizer, the first the one that is done first."""
    return [(first, second) for first, second in json.loads(tokenizer.to_str())["model"]["merges"]]


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Return the tokens of a text that begins a sequence."""
    ids: list[int] = tokenizer.encode(BOS + text, add_special_tokens=False).ids
    return ids


def decode(tokenizer: Tokenizer, ids: list[int]) -> str:
    """Return the text of tokens, special tokens included."""
    text: str = tokenizer.decode(ids, skip_special_tokens=False)
    return text


def end_of(tokenizer: Tokenizer) -> int:
    """Return the token that ends a turn."""
    end: int = tokenizer.token_to_id(END)
    return end


def load(path: Path) -> Tokenizer:
    """Read a tokenizer."""
    return Tokenizer.from_file(str(path))


def _assemble(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = _cutter(_CUT)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in SPECIAL])
    return tokenizer


def _cutter(pattern: str) -> pre_tokenizers.PreTokenizer:
    split = pre_tokenizers.Split(Regex(pattern), "isolated")
    return pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def _worth_joining(tokenizer: Tokenizer, texts: list[str]) -> list[str]:
    """Return pieces that often stand behind a space as a whole word and hardly ever begin a longer one there."""
    whole: Counter[str] = Counter()
    longer: Counter[str] = Counter()
    words = Counter(word for text in texts for word, _ in tokenizer.pre_tokenizer.pre_tokenize_str(text))
    for word, count in words.items():
        if word.startswith(_SPACE) and len(word) > 1 and word[1] != _SPACE:
            pieces = [token.value for token in tokenizer.model.tokenize(word[1:])]
            (whole if len(pieces) == 1 else longer)[pieces[0]] += count
    frequent = [(piece, count) for piece, count in whole.most_common() if count >= JOINED_FROM]
    return [piece for piece, count in frequent if longer[piece] <= 0.02 * count][:JOINED]
