from typing import Any

import pytest

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.pretokenizers import GPT2, PRE_TOKENIZERS, pre_tokenizer


def split(expression: str, behavior: str = "Isolated") -> dict[str, Any]:
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": behavior}


def named(*steps: Any, **model: Any) -> str:
    return pre_tokenizer({"pre_tokenizer": {"type": "Sequence", "pretokenizers": [*steps]}, "model": model})


BYTES = {"type": "ByteLevel", "use_regex": False}


@pytest.mark.parametrize("splits", PRE_TOKENIZERS)
def test_every_known_pre_tokenizer_is_found_by_its_splits(splits: tuple[str, ...]) -> None:
    steps = [{"type": "Digits", "individual_digits": True} if s == "digits" else split(s) for s in splits]
    assert named(*steps, BYTES) == PRE_TOKENIZERS[splits]


def test_a_byte_level_step_splits_as_gpt2_does() -> None:
    assert pre_tokenizer({"pre_tokenizer": {"type": "ByteLevel"}}) == "gpt-2"


def test_llama_3_keeps_words_that_are_tokens() -> None:
    (splits,) = [splits for splits, name in PRE_TOKENIZERS.items() if name == "dbrx"]
    assert (named(split(splits[0])), named(split(splits[0]), ignore_merges=True)) == ("dbrx", "llama-bpe")


def test_spellings_of_the_same_expression_are_equal() -> None:
    possessive = GPT2.replace(r"\p{L}+", r"\p{L}++").replace(r"|\s+(?!\S)|\s+", r"|\s+(?!\S)")
    assert named(split(possessive)) == "gpt-2"


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (None, "not at all"),
        (split(r"\w+"), "does not know"),
        ({"type": "Whitespace"}, "type Whitespace"),
        (split(GPT2, "Contiguous"), "Contiguous"),
        ({"type": "Split", "pattern": {"Regex": 5}, "behavior": "Isolated"}, "not imported"),
    ],
)
def test_a_split_that_the_engine_does_not_have_is_refused(step: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        pre_tokenizer({"pre_tokenizer": step})
