"""The tables of a model's tokens say what their texts are made of."""

import subprocess
import sys

from tests.engine.constraints.writer import Tokens

PIECES = [b"", b"a", b"ab", b"abc", b"12x", b"1e999", "é".encode(), "é".encode()[:1], b"\n", b""]
INFO = Tokens(PIECES, {0}, {9: "<c>"}).info()


def test_prefixes_and_extensions_of_a_text_are_found() -> None:
    assert INFO.prefixes(b"abz") == [1, 2]
    assert INFO.prefixes(b"<c>a") == [9]
    assert INFO.starting_with(b"ab") == [2, 3]
    assert INFO.leading_to(b"ab") == [1, 2, 2, 3]
    assert INFO.containing(b"b") == [2, 3]
    assert INFO.containing(b"b") is INFO.containing(b"b")


def test_digits_and_exponents_are_counted() -> None:
    assert INFO.leading_digits.tolist() == [0, 0, 0, 0, 2, 1, 0, 0, 0, 0]
    assert INFO.long_exponents == [5]


def test_characters_count_where_they_begin() -> None:
    assert INFO.characters.tolist() == [0, 1, 2, 3, 3, 5, 1, 1, 1, 0]
    assert INFO.max_characters == 5
    assert INFO.ending_lines.nonzero()[0].tolist() == [8]


def test_control_tokens_have_a_text_but_not_among_the_texts_of_grammars() -> None:
    assert INFO.controls == {"<c>": 9}
    assert (INFO.texts[9], INFO.text(9), INFO.text(1)) == (b"", b"<c>", b"a")
    assert INFO.end_tokens == {0}


def test_a_mask_has_a_bit_per_token_in_whole_words() -> None:
    assert INFO.mask_bytes == 4
    assert Tokens([b"a"] * 32, set()).info().mask_bytes == 8  # one more than there are tokens: the end of a reply


def test_importing_constraints_imports_neither_numpy_nor_llguidance() -> None:
    code = "import sys, paddock.engine.constraints; print({'numpy', 'llguidance'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
