"""A reply that is held to a format is in that format, whatever the model would rather write."""

import ctypes
import importlib
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddock.engine.binding import Batch, Context, ContextOptions, Model
from paddock.engine.constraints import BadConstraint, Constraint, ConstraintFailed, Vocabulary, constraint
from paddock.engine.constraints.grammar import Grammar, read_format
from paddock.engine.constraints.vocabulary import KEPT
from paddock.engine.generation.sampling import make_chain
from paddock.ipc import Sampling
from tests.ggufs import tiny_llama

END, BYTES = 2, 3
"""Of the small model's tokens: the one that ends a reply, the first of 256 with a byte each."""

Validator: Any = importlib.import_module("jsonschema").Draft202012Validator


def nearest_end(rules: Constraint, reply: bytes) -> int | None:
    """Return the token that closes what `reply` has left open, if it may come."""
    inside_a_string = re.sub(rb"\\.", b"", reply).count(b'"') % 2
    closing = '"' if inside_a_string else '}],"'
    allowed = rules.allowed()
    return next((t for t in (END, *(BYTES + ord(c) for c in closing)) if allowed[t]), None)


class Writer:
    """A small model with random weights. What it writes is noise, until it is told to come to an end."""

    def __init__(self, path: Path) -> None:
        self.model = Model(str(path))
        self.vocabulary = Vocabulary(self.model)
        self.context = Context(self.model, ContextOptions(cells=512, batch_tokens=8))
        self._batch = Batch(8)

    def write(self, format: Any, seed: int = 0, *, noise: int = 40, length: int = 400) -> str:
        """Return a reply: `noise` tokens at random, then the shortest way to an end that comes to mind."""
        rules = self.constrain(format)
        chain = make_chain(self.model, Sampling(seed=seed, temperature=1.5, top_k=0, top_p=1.0), length)
        self.context.remove(0)
        reply, token = b"", self.model.bos
        for position in range(length):
            self._batch.clear()
            index = self._batch.add(token, position, 0, True)
            self.context.decode(self._batch)
            rules.mask(self.context.logits(index))
            token = chain.sample(self.context, index)
            if position >= noise:
                token = nearest_end(rules, reply) or token
            rules.accept(token)
            if self.model.ends_reply(token):
                chain.close()
                return reply.decode()
            reply += self.model.piece(token)
        raise AssertionError(f"no end in sight: {reply!r}")

    def constrain(self, format: Any) -> Constraint:
        return constraint(self.vocabulary, json.dumps(format))

    def verdict(self, format: Any, text: str) -> str:
        """Feed `text` byte by byte: it is "complete", "unfinished" or "refused after" some of it."""
        rules = self.constrain(format)
        for i, byte in enumerate(text.encode()):
            if not rules.allowed()[BYTES + byte]:
                return f"refused after {text.encode()[:i].decode(errors='replace')}"
            rules.accept(BYTES + byte)
        return "complete" if rules.may_end else "unfinished"

    def close(self) -> None:
        self._batch.close()
        self.context.close()
        self.model.close()


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    made = Writer(tiny_llama(tmp_path_factory.mktemp("constraints") / "tiny.gguf"))
    yield made
    made.close()


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=6)
NAMES = st.sampled_from(["a", "name", 'quo"te', "größe", "日本", "back\\slash", "a b", "", "<x>"])
VALUES = st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), st.floats(-9, 9, width=16), TEXTS)
CONSTANTS = st.recursive(
    VALUES, lambda v: st.lists(v, max_size=2) | st.dictionaries(NAMES, v, max_size=2), max_leaves=4
)
QUARTERS = st.integers(-4000, 4000).map(lambda n: n / 4)


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    low, high = sorted((draw(QUARTERS), draw(QUARTERS)))
    bounds = {"minimum": low, "maximum": high + 2} if draw(st.booleans()) else {"exclusiveMinimum": low - 1}
    if draw(st.booleans()):
        return {"type": "number", **bounds}
    return {"type": "integer", **bounds, **draw(st.sampled_from([{}, {"multipleOf": 2}]))}


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    shortest = draw(st.integers(0, 4))
    lengths = {"minLength": shortest, "maxLength": shortest + draw(st.integers(0, 9))}
    patterns = ["^[a-z]{2,5}$", r"^\d{3}-\d+$", "^[éü]*$", "[^x]y?", r"^(?:\"|\\){1,3}$"]
    kinds = [lengths, {"format": "date"}, {"format": "ipv4"}, {}, *({"pattern": p} for p in patterns)]
    return {"type": "string", **draw(st.sampled_from(kinds))}


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(NAMES, inner, max_size=3))
    required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
    others = draw(st.one_of(st.booleans(), inner))
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": others}


@st.composite
def arrays(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    fewest = draw(st.integers(0, 2))
    first = {"prefixItems": [draw(inner)]} if draw(st.booleans()) else {}
    return {
        "type": "array",
        **first,
        "items": draw(inner),
        "minItems": fewest,
        "maxItems": fewest + draw(st.integers(0, 2)),
    }


def compound(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    choices = st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
    return st.one_of(objects(inner), arrays(inner), choices)


SIMPLE = st.one_of(
    numbers(),
    strings(),
    CONSTANTS.map(lambda value: {"const": value}),
    st.lists(CONSTANTS, min_size=1, max_size=3).map(lambda values: {"enum": values}),
    st.sampled_from([{}, True, {"type": ["null", "boolean"]}, {"$ref": "#/$defs/tree"}]),
)
TREE = {"type": "object", "properties": {"of": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}}
SCHEMAS = objects(st.recursive(SIMPLE, compound, max_leaves=5)).map(lambda s: {**s, "$defs": {"tree": TREE}})


@settings(max_examples=60, deadline=None)
@given(schema=SCHEMAS, seed=st.integers(0, 2**31))
def test_every_finished_reply_parses_and_fits_its_schema(writer: Writer, schema: dict[str, Any], seed: int) -> None:
    value = json.loads(writer.write(schema, seed))
    Validator(schema).validate(value)


@pytest.mark.parametrize("seed", range(8))
def test_json_is_any_object(writer: Writer, seed: int) -> None:
    assert isinstance(json.loads(writer.write("json", seed)), dict)


def test_json_is_nothing_but_an_object(writer: Writer) -> None:
    assert [writer.verdict("json", text) for text in ("[", '"', "1", "null")] == ["refused after "] * 4


VALUE = {"name": 'Jürgen "J" 💡', "tags": ["a", "b\n"], "none": {}, "deep": {"list": [[], [1, -2.5e3]], "so": None}}


@pytest.mark.parametrize("indent", [None, 2, 4, "\t"])
@pytest.mark.parametrize("separators", [(", ", ": "), (",", ":")])
def test_json_may_be_written_as_it_usually_is(writer: Writer, indent: Any, separators: tuple[str, str]) -> None:
    text = json.dumps(VALUE, indent=indent, separators=separators, ensure_ascii=False)
    assert writer.verdict("json", text) == "complete"


@pytest.mark.parametrize("text", [" ", "\n", "{}\n", "{  ", "{\n\n", '{"a":\n\n', '{"a":  ', "{\t", "{\n" + " " * 49])
def test_white_space_comes_to_an_end(writer: Writer, text: str) -> None:
    assert writer.verdict("json", text) == f"refused after {text[:-1]}"


@pytest.mark.parametrize("before", ['{"a": ', '{"\\"": -0.', '{"a": "\\"1", "b": [1.'])
def test_numbers_come_to_an_end(writer: Writer, before: str) -> None:
    assert writer.verdict("json", before + "3" * 20) == "unfinished"
    assert writer.verdict("json", before + "3" * 21) == f"refused after {before}{'3' * 20}"


@pytest.mark.parametrize("exponent", ["e", "E+", "e-"])
def test_exponents_are_such_that_every_reader_can_hold_the_number(writer: Writer, exponent: str) -> None:
    assert writer.verdict("json", f'{{"a": 1{exponent}99, "e9": 1234') == "unfinished"
    assert writer.verdict("json", f'{{"a": 1.5{exponent}999') == f'refused after {{"a": 1.5{exponent}99'


def test_exponents_in_tokens_of_several_digits_are_held_too() -> None:
    texts = [b"", b"1", b"e", b"9", b"99", b"999", b"e999", b'"', b"-"]
    rules = Tokens(texts, {0}).begin({"type": ["number", "string"]})

    def follow(*tokens: int) -> set[int]:
        for token in tokens:
            rules.accept(token)
        return {int(t) for t in rules.allowed().nonzero()[0]}

    assert follow(1) == {0, 1, 2, 3, 4, 5}
    assert follow(2) == {1, 3, 4, 8}
    assert follow(8) == {1, 3, 4}
    assert follow(3) == {0, 1, 3}
    assert follow(3) == {0}


def test_digits_go_on_in_strings_and_where_they_must(writer: Writer) -> None:
    assert writer.verdict("json", '{"\\"1": "' + "3" * 100) == "unfinished"
    assert writer.verdict({"const": 1e30}, "1" + "0" * 30) == "complete"
    assert writer.verdict({"type": "regex", "pattern": "[0-9]*"}, "3" * 100) == "complete"


def test_the_end_is_allowed_exactly_when_the_reply_is_complete(writer: Writer) -> None:
    text = '{"a": [1, "}"], "b": {}}'
    rules = writer.constrain({"type": "object"})
    for byte in text.encode():
        assert not rules.may_end
        assert not rules.allowed()[END]
        rules.accept(BYTES + byte)
    assert rules.may_end
    assert rules.done
    assert rules.allowed().nonzero()[0].tolist() == [END]


def test_what_could_go_on_may_end(writer: Writer) -> None:
    rules = writer.constrain({"type": "integer"})
    assert not rules.may_end
    for _ in range(3):
        rules.accept(BYTES + ord("7"))
        assert rules.may_end
        assert not rules.done
        assert rules.allowed()[END]
        assert rules.allowed()[BYTES + ord("7")]
    rules.accept(END)
    assert rules.done


def test_the_mask_leaves_what_is_allowed_as_it_is(writer: Writer) -> None:
    size = writer.vocabulary.size
    logits = (ctypes.c_float * size)(*range(size))
    rules = writer.constrain("json")
    rules.mask(ctypes.cast(logits, ctypes.POINTER(ctypes.c_float)))
    finite = {token: value for token, value in enumerate(logits) if value != float("-inf")}
    assert finite
    assert all(writer.model.piece(token) == b"{" and value == token for token, value in finite.items())


def test_control_tokens_are_never_allowed(writer: Writer) -> None:
    rules = writer.constrain({"type": "regex", "pattern": r"(?s:.*)"})
    for byte in b"</s> \0 <unk>":
        assert not rules.allowed()[:END].any()
        rules.accept(BYTES + byte)


def test_a_token_that_may_not_come_is_not_accepted(writer: Writer) -> None:
    with pytest.raises(ConstraintFailed, match="may not come here"):
        writer.constrain("json").accept(BYTES + ord("["))
    with pytest.raises(ConstraintFailed, match="before it was complete"):
        writer.constrain("json").accept(END)


def test_the_mask_may_be_computed_in_another_thread(writer: Writer) -> None:
    rules = writer.constrain("json")
    rules.accept(BYTES + ord("{"))
    thread = threading.Thread(target=rules.prepare)
    thread.start()
    thread.join()
    assert rules.allowed()[BYTES + ord("}")]


class Tokens:
    """As much of a model as a vocabulary needs."""

    def __init__(self, pieces: list[bytes], ends: set[int]) -> None:
        self.pieces, self.vocabulary_size, self._ends = pieces, len(pieces), ends

    def piece(self, token: int) -> bytes:
        return self.pieces[token]

    def ends_reply(self, token: int) -> bool:
        return token in self._ends

    def begin(self, format: Any) -> Constraint:
        return constraint(Vocabulary(cast(Model, self)), json.dumps(format))


def test_characters_may_be_split_among_tokens_but_not_left_unfinished() -> None:
    tokens = Tokens([b"", b'"', b"\xf0\x9f", b"\x98", b'\x80"', b"\x80", b"\xff", b"a\xf0", b"\x9f"], {0})
    rules = tokens.begin({"type": "string"})

    def allowed() -> list[int]:
        return [int(t) for t in rules.allowed().nonzero()[0]]

    assert allowed() == [1]
    for token, after in ((1, [1, 2, 7]), (7, [3, 8]), (8, [3, 5, 8]), (3, [3, 4, 5, 8]), (4, [0])):
        rules.accept(token)
        assert allowed() == after
    assert rules.done


def test_any_of_several_end_tokens_may_end_a_reply() -> None:
    rules = Tokens([b"a", b"<end>", b"b", b""], {1, 3}).begin({"type": "regex", "pattern": "a"})
    rules.accept(0)
    assert rules.allowed().tolist() == [False, True, False, True]
    rules.accept(3)
    assert rules.done


def test_without_end_tokens_a_reply_is_done_when_nothing_can_come() -> None:
    rules = Tokens([b"a", b"b"], set()).begin({"type": "regex", "pattern": "ab"})
    rules.accept(0)
    assert rules.allowed().tolist() == [False, True]
    rules.accept(1)
    assert rules.done
    assert not rules.allowed().any()


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"enum": ["käse", "日本", "💡"]}, ['"käse"', '"日本"', '"💡"'], ['"kase"', '"日"', "1"]),
        ({"const": {"ü": [1, None, 'a"b']}}, ['{"ü": [1, null, "a\\"b"]}'], ["{}", '{"ü": [1, null, "a"]}']),
        ({"const": -0.0}, ["0"], ["1"]),
        ({"type": "integer", "minimum": -3, "exclusiveMaximum": 12}, ["-3", "0", "11"], ["-4", "12", "1.5", "01"]),
        ({"type": "number", "minimum": 0.5, "maximum": 1}, ["0.5", "0.75", "1"], ["0.4", "1.1", "-1"]),
        ({"type": "string", "maxLength": 2}, ['"💡ü"', '""'], ['"abc"']),
        ({"format": "date"}, ['"2024-02-29"', '"1999-12-31"', "5"], ['"2023-02-29"', '"1999-13-01"', '"0000-01-01"']),
        ({"type": "string", "format": "date-time"}, ['"2024-02-29T23:59:59.5Z"'], ['"2024-02-29"']),
        ({"items": [{"const": 1}], "additionalItems": {"const": 2}, "type": "array"}, ["[1, 2]"], ["[2]", "[1, 1]"]),
        ({"prefixItems": [{"const": 1}], "additionalItems": False, "type": "array"}, ["[1, 5]"], ["[2]"]),
        ({"type": "object", "minProperties": 1}, ['{"a": 1}'], ["{}"]),
        ({"type": "string", "pattern": "^a|b$"}, ['"ax"', '"xb"'], ['"xx"']),
    ],
)
def test_a_schema_lets_pass_what_fits(writer: Writer, schema: Any, good: list[str], bad: list[str]) -> None:
    assert [writer.verdict(schema, text) for text in good] == ["complete"] * len(good)
    for text in bad:
        assert writer.verdict(schema, text) != "complete"


def test_dates_are_those_of_the_calendar(writer: Writer) -> None:
    for seed in range(20):
        date.fromisoformat(json.loads(writer.write({"type": "string", "format": "date"}, seed)))


def test_replies_may_be_nested_deeply(writer: Writer) -> None:
    depth = 300
    tree = {"type": "array", "items": {"$ref": "#"}}
    assert writer.verdict(tree, "[" * depth + "]" * depth) == "complete"
    assert writer.verdict("json", '{"a":' + "[" * depth + "]" * depth + "}") == "complete"


def test_definitions_may_lie_anywhere_in_the_schema(writer: Writer) -> None:
    schema = {"$ref": "#/components/a~1b/0", "components": {"a/b": [{"type": "boolean", "description": "yes or no"}]}}
    assert writer.verdict(schema, "true") == "complete"


CAT, DOG = ({"type": "object", "properties": {"kind": {"const": k}}, "required": ["kind"]} for k in ("cat", "dog"))
VAGUE = [{"type": "object", "properties": {"kind": {"const": k}}} for k in ("cat", "dog")]


@pytest.mark.parametrize(
    ("options", "good", "bad"),
    [
        ([{"type": "string"}, {"type": "null"}], ["null", '"x"'], ["1"]),
        ([{"const": 1}, {"enum": [2, True]}], ["1", "true"], ["3"]),
        ([{"$ref": "#/$defs/cat"}, {"$ref": "#/$defs/dog"}], ['{"kind": "dog"}'], ['{"kind": "cow"}', "{}"]),
        (VAGUE, ['{"kind": "dog"}'], ["{}"]),
        ([{k: o[k] for k in ("properties", "required")} for o in (CAT, DOG)], ['{"kind": "cat"}'], ['"x"', "{}"]),
        ([{"anyOf": [{"type": "string"}, {"const": 5}]}, {"type": "array"}], ["5", "[]"], ["6"]),
    ],
)
def test_one_of_is_enforced_where_options_exclude_each_other(
    writer: Writer, options: list[Any], good: list[str], bad: list[str]
) -> None:
    schema = {"oneOf": options, "$defs": {"cat": CAT, "dog": DOG}}
    assert [writer.verdict(schema, text) for text in good] == ["complete"] * len(good)
    for text in bad:
        assert writer.verdict(schema, text) != "complete"


@pytest.mark.parametrize(
    "more",
    [
        {"title": "t", "description": "d", "default": {"not": 1}, "examples": [], "deprecated": True, "$comment": ""},
        {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "https://example.com/x", "x-anything": 1},
        {"$defs": {"unused": {"not": {}}}, "uniqueItems": False, "propertyNames": {"type": "string"}},
        {"format": "int64", "then": {"type": "string"}, "x-guidance": {"whitespace_flexible": True}},
    ],
)
def test_what_only_describes_is_no_obstacle(writer: Writer, more: dict[str, Any]) -> None:
    assert writer.verdict({"type": "integer", **more}, "5") == "complete"
    assert writer.verdict({"properties": {"default": {"type": "integer", **more}}}, '{"default": 5}') == "complete"


@pytest.mark.parametrize(
    ("format", "message"),
    [
        ({"properties": {"a/b": {"not": {}}}}, '"not" at #/properties/a~1b cannot be enforced'),
        ({"items": {"uniqueItems": True}}, '"uniqueItems" at #/items'),
        ({"if": {}, "then": {}}, '"if" at #'),
        ({"$ref": "#/$defs/a", "$defs": {"a": {"contains": {}}}}, '"contains" at #/$defs/a'),
        ({"type": "string", "format": "regex"}, "\"format\" at #: 'regex'"),
        ({"items": {"$ref": "https://example.com/x"}}, '"$ref" at #/items: there is no'),
        ({"items": {"$ref": "#/$defs/x"}}, "there is no '#/$defs/x' in the schema"),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, '"oneOf" at # cannot be enforced'),
        ({"oneOf": [{"$ref": "#/$defs/a"}, {}], "$defs": {"a": {"$ref": "#/$defs/b"}}}, '"oneOf" at #'),
        ({"minProperties": 3, "required": ["a"]}, '"minProperties" at #'),
        ({"properties": {"a\nb": {}}}, '"properties" at #: names with control characters'),
        ({"enum": [1, [2**60]]}, '"enum" at #: 1152921504606846976 is too large'),
        ({"properties": {"a": {"pattern": "(?=x)"}}}, "#/properties/a cannot be enforced: look-around"),
        ({"properties": {"a": {"type": "text"}}}, "#/properties/a cannot be enforced: Invalid type: text"),
        ({"allOf": [{"type": "string"}, {"type": "null"}]}, "Unsatisfiable"),
        ({"$ref": "#"}, "nothing can satisfy it"),
        ({"properties": []}, '"properties" at # must be an object'),
        ({"anyOf": [1]}, "#/anyOf/0 is not a schema"),
        ({"const": "\ud800"}, "half of a surrogate pair"),
        ({"type": "regex"}, 'needs "pattern"'),
        ({"type": "regex", "pattern": "a("}, "unclosed group"),
        ({"type": "regex", "pattern": r"(a)\1"}, "backreferences are not supported"),
        ({"type": "regex", "pattern": "[^\\s\\S]"}, "nothing can satisfy it"),
        ({"type": "grammar", "lark": "begin: /a/"}, "no start rule"),
        ({"type": "grammar", "lark": 'start: "a" <[2]>'}, "special tokens"),
        ({"type": "grammar", "lark": 'start: "//" <|im_end|> // "'}, "special tokens"),
        (["json"], 'must be "json" or a JSON schema'),
    ],
)
def test_what_cannot_be_enforced_is_refused_by_name(writer: Writer, format: Any, message: str) -> None:
    with pytest.raises(BadConstraint) as refused:
        writer.constrain(format)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text", ["", "json", "{", '{"const": NaN}', "[" * 100_000, '{"items":' * 500 + "{}" + "}" * 500]
)
def test_what_is_no_format_is_refused(writer: Writer, text: str) -> None:
    with pytest.raises(BadConstraint, match="the format"):
        constraint(writer.vocabulary, text)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        ("[0-9]{3}-[a-f]+", ["123-abc"], ["12-a", "x"]),
        ("^yes|no$", ["yes", "no"], ["maybe"]),
        (r"a/b\/\d+", ["a/b/7"], ["a/b"]),
        ("ja\nnein", ["ja\nnein"], ["janein"]),
        ("é+", ["éé"], ["e", ""]),
        ("", [""], ["a"]),
    ],
)
def test_a_regular_expression_holds_for_the_whole_reply(
    writer: Writer, pattern: str, good: list[str], bad: list[str]
) -> None:
    format = {"type": "regex", "pattern": pattern}
    assert [writer.verdict(format, text) for text in good] == ["complete"] * len(good)
    for text in bad:
        assert writer.verdict(format, text) != "complete"


def test_a_grammar_may_be_recursive(writer: Writer) -> None:
    format = {"type": "grammar", "lark": 'start: "(" start ")" | start "+" start | /[0-9]/ // <sums>\n'}
    assert writer.verdict(format, "((1+2))+3") == "complete"
    assert writer.verdict(format, "((1+2)") == "unfinished"
    assert writer.verdict(format, "1+)") == "refused after 1+"


def test_replies_in_one_format_do_not_disturb_each_other(writer: Writer) -> None:
    first, second = writer.constrain("json"), writer.constrain("json")
    first.accept(BYTES + ord("{"))
    assert second.allowed()[BYTES + ord("{")]
    assert not first.allowed()[BYTES + ord("{")]
    first.accept(BYTES + ord("}"))
    assert first.done
    assert not second.may_end


def test_the_last_formats_used_are_not_compiled_again(writer: Writer, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def noted(text: str, controls: Mapping[str, int]) -> Grammar:
        read.append(text)
        return read_format(text, controls)

    monkeypatch.setattr("paddock.engine.constraints.vocabulary.read_format", noted)
    texts = [json.dumps({"const": n}) for n in range(-KEPT, 1)]
    for text in (texts[0], texts[0], *texts, texts[0]):
        constraint(writer.vocabulary, text)
    assert read == [*texts, texts[0]]


def test_without_a_format_nothing_of_it_is_imported() -> None:
    code = "import sys, paddock.engine.constraints; print({'numpy', 'llguidance'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
