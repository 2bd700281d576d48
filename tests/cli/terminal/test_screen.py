import io
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.terminal.screen import char_width, clean_text, is_terminal, terminal_width, text_width, use_utf8


def test_a_closed_or_missing_stream_is_no_terminal() -> None:
    closed = io.StringIO()
    closed.close()
    assert not is_terminal(closed)
    assert not is_terminal(io.StringIO())
    assert not is_terminal(None)  # type: ignore[arg-type]  # what sys.stdin is without a standard input


@pytest.mark.skipif(sys.platform == "win32", reason="needs pseudo-terminals")
def test_the_width_is_the_terminals_or_80() -> None:
    import fcntl
    import struct
    import termios

    main, other = os.openpty()
    with os.fdopen(main, "wb", buffering=0), os.fdopen(other, "w") as stream:
        assert is_terminal(stream)
        assert terminal_width(stream) == 80, "a new pseudo-terminal says that it is 0 columns wide"
        fcntl.ioctl(stream.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", 24, 40, 0, 0))
        assert terminal_width(stream) == 40
    assert terminal_width(io.StringIO()) == 80


@pytest.mark.parametrize(("char", "width"), [("a", 1), ("é", 1), ("日", 2), ("👍", 2), ("\u0301", 0), ("\x07", 0)])
def test_a_character_is_one_column_or_two_or_none(char: str, width: int) -> None:
    assert char_width(char) == width


@given(st.text())
def test_the_width_of_a_text_is_the_sum_of_its_characters(text: str) -> None:
    assert text_width(text) == sum(map(char_width, text))


@given(st.binary())
def test_a_cleaned_argument_can_be_encoded_and_keeps_its_valid_characters(data: bytes) -> None:
    text = clean_text(data.decode("utf-8", "surrogateescape"))
    assert text == data.decode("utf-8", "replace")
    text.encode()


def test_output_is_utf_8_and_never_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "out").open("w", encoding="ascii") as out, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", None)
        use_utf8()
        out.write("日\ud800")
    assert (tmp_path / "out").read_bytes() == "日?".encode()
