"""The tokenizer cuts text as llama.cpp does with the exported file, and cuts words the same wherever they stand."""

# ruff: noqa: D103

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

pytest.importorskip("torch")
pytest.importorskip("tokenizers")
gguf = pytest.importorskip("gguf")
llama_cpp = pytest.importorskip("llama_cpp")

from tokenizers import Tokenizer  # type: ignore[import-untyped]  # noqa: E402

from training.corpus.words import made_up  # noqa: E402
from training.export import add_tokenizer  # noqa: E402
from training.tokenizer import SPECIAL, decode, encode, sample, train  # noqa: E402

TEXTS = [
    "",
    " ",
    "  ",
    "\n",
    " \n",
    "\n \n  \n\n   x",
    "a  b   c    d",
    "trailing   ",
    "tab\tand\t\ttabs \t mixed\t ",
    "\r\nwindows\r\n\r\nlines\r",
    "12345 6 78, 9.10 -3 +4 (5) x1y22",
    "I'm, you're, he'll, they've, we'd, it's, don't, I'M, 'sam' 'tom' 'Lena' ''s",
    "def f(x, *, y=0):\n    if x <= y:\n\treturn x**2 // y\n\n\n@g\nclass A:  # note\n    pass\n",
    '{"name":"get_weather","arguments":{"city":"Paris","days":[1,2,3],"ok":true}}',
    "Zoë naïve façade Ελλάδα Москва 東京 한국 हिन्दी עברית العربية",
    "emoji 😀👍🏽 👨‍👩‍👧 flag 🇩🇪 ½ ² Ⅷ ٣ ",
    "no\u00a0break\u2003em\u200bzero\u3000wide",
    "camelCase HTTPServer snake_case kebab-case MiXeD ALLCAPS",
    "!!! ??? ... --- ===> <=> ::= ;;\n\n;; \n",
    "<think>So.</think>Yes.<|end|><|user|>And <b>this</b>?<|end|>",
    "<|bos|><|think|><|assistant|><tool_call>{}</tool_call><|end|>",
    "<|fim_prefix|>a = <|fim_suffix|>\n<|fim_middle|>1",
    "<|unknown|> <|en d|> < think > </think",
    "\x00\x01\x7f\x80\xff\ufeff\ufffd",
]


@pytest.fixture(scope="session")
def tokenizer() -> Tokenizer:
    return train(sample(4000))


@pytest.fixture(scope="session")
def llama(tokenizer: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], list[int]]:
    path = tmp_path_factory.mktemp("vocabulary") / "vocabulary.gguf"
    write_vocabulary(tokenizer, path)
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    return lambda text: list(model.tokenize(text.encode(), add_bos=True, special=True))


def write_vocabulary(tokenizer: Tokenizer, path: Path) -> None:
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_vocab_size(tokenizer.get_vocab_size())
    add_tokenizer(writer, tokenizer)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()


@pytest.mark.parametrize("text", TEXTS)
def test_cuts_like_llama(tokenizer: Tokenizer, llama: Callable[[str], list[int]], text: str) -> None:
    ids = encode(tokenizer, text)
    assert llama(text) == ids
    assert decode(tokenizer, ids[1:]) == text


def test_cuts_examples_like_llama(tokenizer: Tokenizer, llama: Callable[[str], list[int]]) -> None:
    for text in sample(500, seed=5):
        assert llama(text) == encode(tokenizer, text)


def test_cuts_mixtures_like_llama(tokenizer: Tokenizer, llama: Callable[[str], list[int]]) -> None:
    rng = Random(7)
    parts = [*"aZé 7\n\t'\".,({_=-😀界", "  ", "the", "'s", "'LL", "\r\n", " word", *SPECIAL]
    for _ in range(2000):
        text = "".join(rng.choice(parts) for _ in range(rng.randint(1, 25)))
        assert llama(text) == encode(tokenizer, text), repr(text)


def test_special_tokens_come_first_and_whole(tokenizer: Tokenizer) -> None:
    assert [tokenizer.id_to_token(i) for i in range(len(SPECIAL))] == list(SPECIAL)
    assert encode(tokenizer, "".join(SPECIAL))[1:] == list(range(len(SPECIAL)))
    assert tokenizer.get_vocab_size() <= 4096


def test_new_words_are_cut_the_same_everywhere(tokenizer: Tokenizer) -> None:
    rng = Random(11)
    words = [word.capitalize() if i % 2 else word for i in range(400) for word in [made_up(rng)]]
    same = [word for word in words if _pieces_alone(tokenizer, word) == _pieces_after_space(tokenizer, word)]
    assert len(same) >= 0.97 * len(words)
    for word in words:
        alone = _pieces_alone(tokenizer, word)
        assert encode(tokenizer, f'"{word}"')[2:-1] == alone
        assert encode(tokenizer, f"\n{word}")[2:] == alone


def _pieces_alone(tokenizer: Tokenizer, word: str) -> list[int]:
    return encode(tokenizer, word)[1:]


def _pieces_after_space(tokenizer: Tokenizer, word: str) -> list[int]:
    return encode(tokenizer, f" {word}")[2:]
