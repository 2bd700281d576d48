from typing import Any

import pytest

from paddock.conversion.errors import ConversionError
from paddock.conversion.tokenizers.post_processor import place_special_tokens
from paddock.conversion.tokenizers.vocabulary import TokenKind, Vocabulary

TEXT, SECOND = {"Sequence": {"id": "A"}}, {"Sequence": {"id": "B"}}


def special(name: str) -> dict[str, Any]:
    return {"SpecialToken": {"id": name}}


def template(single: list[Any], pair: list[Any] | None = None) -> dict[str, Any]:
    return {"type": "TemplateProcessing", "single": single, "pair": pair or []}


def placed(processor: Any, *, embeds: bool = False, **settings: Any) -> Vocabulary:
    tokens = ["<s>", "</s>", "a", "<sep>"]
    found = Vocabulary("gpt2", tokens, [TokenKind.NORMAL] * 4, special={"bos": 0, "eos": 1})
    place_special_tokens(found, settings, processor, embeds=embeds)
    return found


def added(vocabulary: Vocabulary) -> tuple[bool, bool]:
    return vocabulary.settings["add_bos_token"], vocabulary.settings["add_eos_token"]


@pytest.mark.parametrize(
    ("single", "expected"),
    [
        ([special("<s>"), TEXT], (True, False)),
        ([special("<s>"), TEXT, special("</s>")], (True, True)),
        ([TEXT], (False, False)),
        ([special("a"), TEXT], (False, False)),
    ],
)
def test_a_template_says_which_tokens_stand_around_a_text(single: list[Any], expected: tuple[bool, bool]) -> None:
    assert added(placed(template(single))) == expected


def test_without_a_post_processor_the_settings_count() -> None:
    assert added(placed(None, add_bos_token=True, add_eos_token=False)) == (True, False)
    assert added(placed({"type": "ByteLevel"}, add_bos_token=True)) == (True, False)


def test_the_last_processor_of_a_sequence_counts() -> None:
    processors = [{"type": "ByteLevel"}, template([special("<s>"), TEXT])]
    assert added(placed({"type": "Sequence", "processors": processors})) == (True, False)


def test_an_embedder_takes_other_tokens_as_its_own() -> None:
    found = placed(template([TEXT, special("<sep>")]), embeds=True)
    assert (found.special["eos"], found.kinds[3], added(found)) == (3, TokenKind.CONTROL, (False, True))


def test_robertas_pairs_have_two_separators() -> None:
    found = placed({"type": "RobertaProcessing", "cls": ["<s>", 0], "sep": ["</s>", 1]}, embeds=True)
    assert (found.settings["add_sep_token"], found.special["sep"]) == (True, 1)
    pair = [special("<s>"), TEXT, special("</s>"), SECOND, special("</s>")]
    once = placed(template([special("<s>"), TEXT, special("</s>")], pair), embeds=True)
    assert once.settings["add_sep_token"] is False


def test_more_tokens_on_a_side_of_an_embedders_text_are_refused() -> None:
    with pytest.raises(ConversionError, match="more than one token on a side"):
        placed(template([TEXT, special("<sep>"), special("</s>")]), embeds=True)
