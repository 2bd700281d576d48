"""Numbers come to an end, strings do not end a call, and texts with a length limit end in time."""

import pytest

from paddock.engine.constraints.output_rules import MAX_DIGITS, OutputRules
from paddock.engine.constraints.tokenizer_info import TokenizerInfo
from paddock.ipc import JsonObject, Regex, Region
from tests.engine.constraints.writer import Tokens, Writer, allowed, json_schema


@pytest.mark.parametrize("before", ['{"a": ', '{"\\"": -0.', '{"a": "\\"1", "b": [1.'])
def test_numbers_come_to_an_end(writer: Writer, before: str) -> None:
    assert writer.verdict(JsonObject(), before + "3" * 20) == "unfinished"
    assert writer.verdict(JsonObject(), before + "3" * 21) == f"refused after {before}{'3' * 20}"


@pytest.mark.parametrize("exponent", ["e", "E+", "e-"])
def test_exponents_are_such_that_every_reader_can_hold_the_number(writer: Writer, exponent: str) -> None:
    assert writer.verdict(JsonObject(), f'{{"a": 1{exponent}99, "e9": 1234') == "unfinished"
    assert writer.verdict(JsonObject(), f'{{"a": 1.5{exponent}999') == f'refused after {{"a": 1.5{exponent}99'


def test_exponents_in_tokens_of_several_digits_are_limited_too() -> None:
    texts = [b"", b"1", b"e", b"9", b"99", b"999", b"e999", b'"', b"-"]
    matcher = Tokens(texts, {0}).matcher(json_schema({"type": ["number", "string"]}))
    assert allowed(matcher, 1) == {0, 1, 2, 3, 4, 5}
    assert allowed(matcher, 2) == {1, 3, 4, 8}
    assert allowed(matcher, 8) == {1, 3, 4}
    assert allowed(matcher, 3) == {0, 1, 3}
    assert allowed(matcher, 3) == {0}


def test_digits_go_on_in_strings_and_where_they_must(writer: Writer) -> None:
    assert writer.verdict(JsonObject(), '{"\\"1": "' + "3" * 100) == "unfinished"
    assert writer.verdict(json_schema({"const": 1e30}), "1" + "0" * 30) == "complete"
    assert writer.verdict(Regex("[0-9]*"), "3" * 100) == "complete"


PIECES = [b"", b"a", b"</", b"t>", b"</t>x", b'"', b"1", b"ab", b"\n", b"</t>"]
END, A, OPEN, CLOSE, WHOLE, QUOTE, ONE, AB, LINE, TAG = range(len(PIECES))


@pytest.fixture
def tokens() -> TokenizerInfo:
    return Tokens(PIECES, {END}).info()


def discouraged(rules: OutputRules, tokens: TokenizerInfo) -> set[int]:
    found: set[int] = set()
    for some in rules.discouraged_tokens(tokens):
        found |= set(some if isinstance(some, list) else some.nonzero()[0].tolist())
    return found


def test_a_text_that_ends_a_call_is_discouraged_within_strings_only(tokens: TokenizerInfo) -> None:
    rules = OutputRules(is_json=True, never_in_strings=["</t>"])
    assert discouraged(rules, tokens) == set()
    rules.read(b'"')
    assert discouraged(rules, tokens) == {WHOLE, TAG}
    rules.read(b"</")
    assert discouraged(rules, tokens) == {CLOSE, WHOLE, TAG}
    rules.read(b'\\"')
    assert discouraged(rules, tokens) == {WHOLE, TAG}
    rules.read(b'"')
    assert discouraged(rules, tokens) == set()


def test_a_text_that_stops_the_reply_is_discouraged_everywhere(tokens: TokenizerInfo) -> None:
    rules = OutputRules(is_json=False, avoided=["ab"])
    assert discouraged(rules, tokens) == {AB}


def test_digits_are_counted_outside_of_strings(tokens: TokenizerInfo) -> None:
    rules = OutputRules(is_json=True)
    rules.read(b"1" * MAX_DIGITS)
    assert rules.digits == MAX_DIGITS
    assert discouraged(rules, tokens) == {ONE}
    rules.read(b',"' + b"1" * 50)
    assert rules.digits == 0
    assert discouraged(rules, tokens) == set()


def test_in_a_region_of_json_quotes_enclose_strings(tokens: TokenizerInfo) -> None:
    rules = OutputRules(is_json=False, regions=[Region("<j>", "</j>", avoided=("ab",))])
    rules.read(b'say "')
    assert discouraged(rules, tokens) == set()
    rules.read(b'<j>["')
    assert discouraged(rules, tokens) == {AB}
    rules.read(b'"]</j>"')
    assert discouraged(rules, tokens) == set()


def test_a_text_of_limited_length_ends_in_time(tokens: TokenizerInfo) -> None:
    rules = OutputRules(is_json=False, regions=[Region("<t>", "</t>", max_characters=30)])
    rules.read(b"<t>")
    assert discouraged(rules, tokens) == set()
    rules.read(b"a" * 19)
    # The margin before the limit is near: a new line would make it impossible to end there.
    assert LINE not in discouraged(rules, tokens)
    rules.read(b"a" * 6)
    assert discouraged(rules, tokens) == {A, CLOSE, QUOTE, ONE, AB, LINE}
    rules.read(b"</")
    assert CLOSE not in discouraged(rules, tokens)
    rules.read(b"t>")
    assert discouraged(rules, tokens) == set()
