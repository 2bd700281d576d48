import json
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from paddock.library.modelfile import (
    INSTRUCTIONS,
    ROLES,
    Instruction,
    Modelfile,
    ModelfileError,
    modelfile_fields,
    parse,
    quoted,
)
from paddock.library.options import InvalidOption
from tests.conftest import SHARED

EVERYTHING = '''# a comment
FROM ./model.gguf
from projector.gguf
Parameter temperature 0.5
PARAMETER stop "USER: "
PARAMETER stop </s>
  # another comment
TEMPLATE """{{ .System }}
{{ .Prompt }}"""
SYSTEM """"Quoted" # no comment"""
MESSAGE user hi  there
MESSAGE assistant "
two
lines"
LICENSE MIT
LICENSE """
Apache
"""
ADAPTER a.gguf
REQUIRES 0.14.0
RENDERER qwen3-coder
PARSER qwen3-coder
DRAFT small'''


def test_every_instruction_is_understood() -> None:
    made = modelfile_fields(parse(EVERYTHING))
    assert made.sources == ["./model.gguf", "projector.gguf"]
    assert made.parameters == {"temperature": 0.5, "stop": ["USER: ", "</s>"]}
    assert made.template == "{{ .System }}\n{{ .Prompt }}"
    assert made.system == '"Quoted" # no comment'
    assert made.messages == [
        {"role": "user", "content": "hi  there"},
        {"role": "assistant", "content": "\ntwo\nlines"},
    ]
    assert made.licenses == ["MIT", "\nApache\n"]
    assert (made.adapters, made.requires, made.draft) == (["a.gguf"], "0.14.0", "small")
    assert (made.renderer, made.parser) == ("qwen3-coder", "qwen3-coder")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_is_read(encoding: str, newline: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    text = mark + newline.join(["FROM x", "SYSTEM größer 日本", ""])
    assert modelfile_fields(parse(text.encode(encoding))).system == "größer 日本"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SYSTEM x\n", "no FROM line"),
        ("", "no FROM line"),
        ("# FROM x", "no FROM line"),
        ('FROM stories\nSYSTEM """open\n', "unexpected EOF"),
        ('FROM stories\nSYSTEM "open', "unexpected EOF"),
        ("FROM", "unexpected EOF"),
        ("FROM x\nPARAMETER top_k", "unexpected EOF"),
        ("FROM x\nPARAMETER top_k\n\n", "unexpected EOF"),
        ("FROM x\nSYSTEM\nLICENSE y", "(line 2): SYSTEM needs a value"),
        (
            "FROM stories\n\n\n  FROB x\n",
            '(line 4): command must be one of "from", "license", "template", "system", "adapter", "draft", "renderer", '
            '"parser", "parameter", "message", or "requires"',
        ),
        ("FROM x\nMESSAGE robot hi", '(line 2): message role must be one of "system", "user", or "assistant"'),
        (b"FROM \xff\xfe\xfa", "the Modelfile is no UTF-8 text: invalid start byte at byte 5"),
    ],
)
def test_a_mistake_is_named(text: str | bytes, message: str) -> None:
    with pytest.raises(ModelfileError) as error:
        parse(text)
    assert str(error.value) == message


def test_the_recorded_mistakes_have_the_recorded_texts() -> None:
    path = SHARED / "fixtures" / "cli" / "ollama.jsonl"
    if not path.exists():
        pytest.skip("the recorded cases are not here")
    cases = [json.loads(line) for line in path.read_text("utf-8").split("\n") if line]
    files = cases[0]["files"]
    expected = {c["args"][3]: c["stderr"] for c in cases if c.get("args", [""])[0] == "create"}
    for name in ("Bad1", "Bad2", "Bad3", "Bad4", "Bad6", "Bad7"):
        with pytest.raises((ModelfileError, InvalidOption)) as error:
            modelfile_fields(parse(files[name]))
        assert expected[name].endswith(f"Error: {error.value}\n")
    two = modelfile_fields(parse(files["Two"]))
    assert two.parameters == {"stop": ["A", "B"]}


TEXTS = st.text(alphabet=st.sampled_from("ab\"' \t\n\r#é\u2028{}0")) | st.text(st.characters(exclude_categories=["Cs"]))
WORDS = st.text(st.characters(exclude_categories=["Cs", "Z", "Cc"]), min_size=1, max_size=8)


@st.composite
def commands(draw: st.DrawFn) -> Instruction:
    name = draw(st.sampled_from(INSTRUCTIONS))
    key = {"message": st.sampled_from(ROLES), "parameter": WORDS}.get(name, st.just(""))
    return Instruction(name, draw(TEXTS), draw(key))


@given(st.lists(commands(), max_size=6))
def test_what_is_printed_reads_back(some: list[Instruction]) -> None:
    modelfile = Modelfile([Instruction("from", "x"), *some])
    # The one value without a form: a quote ends at the first line that ends in it.
    assume(not any(line.rstrip(" \t\v\f\x85\xa0").endswith('"') for c in some for line in c.args.splitlines()))
    assert parse(str(modelfile)) == modelfile


@given(st.text(alphabet=st.sampled_from('FROM x\nSYSTEM"#\rparameter')) | st.text() | st.binary())
def test_any_text_is_a_modelfile_or_refused(text: str | bytes) -> None:
    try:
        modelfile = parse(text)
    except ModelfileError as error:
        assert str(error)
        return
    assert modelfile.values("from")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("plain", "plain"),
        ('{"a": "b"}', '{"a": "b"}'),
        ("two\nlines", '"two\nlines"'),
        ('say "x"\nnow', '"""say "x"\nnow"""'),
        (" space", '" space"'),
        ("", '""'),
        ('"quoted', '""""quoted"""'),
        ('ends"', 'ends"'),
        ('a\nends"', '"""a\nends""""'),
    ],
)
def test_a_value_has_no_more_quotes_than_it_needs(value: str, written: str) -> None:
    assert quoted(value) == written


def test_a_long_licence_takes_no_time(tmp_path: Path) -> None:
    text = "a line of a licence\n" * 100_000
    modelfile = parse(f'FROM x\nLICENSE """{text}"""\n')
    assert modelfile.last("license") == text
    assert parse(str(modelfile)) == modelfile
