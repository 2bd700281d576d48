import re

from hypothesis import example, given
from hypothesis import strategies as st

from paddock.cli.terminal.screen import char_width
from paddock.cli.terminal.wordwrap import WordWrap

TEXT = st.text(st.sampled_from("ab c,\n\t日本👍é"), max_size=200)


def screen(output: str, width: int) -> list[str]:
    """What a terminal of `width` columns shows, character by character; fails if the text reaches the last column."""
    lines: list[list[str]] = [[]]
    for control, count, char in re.findall(r"(\x1b\[(\d*)[DK])|([\s\S])", output):
        if control.endswith("D"):
            back = int(count)
            while back > 0:
                back -= char_width(lines[-1].pop())
        elif control:
            pass
        elif char in "\r\n":
            lines.append([])
        elif char == "\t":
            column = sum(map(char_width, lines[-1]))
            lines[-1].extend(" " * (8 - column % 8))
        else:
            lines[-1].append(char)
    for line in lines:
        assert sum(map(char_width, line)) < width
    return ["".join(line) for line in lines]


def test_a_word_that_does_not_fit_moves_to_the_next_line() -> None:
    wrap = WordWrap(12)
    shown = "".join(wrap.feed(piece) for piece in ["one two th", "ree four"])
    assert screen(shown, 12) == ["one two ", "three four"]
    assert "\x1b[3D\x1b[K\n" in shown


def test_a_word_longer_than_the_line_is_cut_at_its_end() -> None:
    assert screen(WordWrap(6).feed("abcdefghijkl"), 6) == ["abcde", "fghij", "kl"]


def test_a_line_break_where_the_line_is_full_is_not_doubled() -> None:
    assert screen(WordWrap(6).feed("abcde \nfgh"), 6) == ["abcde", "fgh"]


def test_wide_characters_break_anywhere_and_count_twice() -> None:
    assert screen(WordWrap(8).feed("日本語日本"), 8) == ["日本語", "日本"]


def test_the_width_may_change_on_the_way() -> None:
    wrap = WordWrap(20)
    shown = wrap.feed("one two ")
    wrap.width = 10
    assert screen(shown + wrap.feed("three"), 20) == ["one two ", "three"]


@given(TEXT, st.integers(4, 40))
def test_nothing_but_space_is_lost_and_no_line_is_too_long(text: str, width: int) -> None:
    lines = screen(WordWrap(width).feed(text), width)
    assert "".join("".join(lines).split()) == "".join(text.split())


@given(TEXT, st.integers(4, 40), st.data())
def test_how_the_text_is_cut_does_not_matter(text: str, width: int, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    whole, cut_up = WordWrap(width), WordWrap(width)
    assert whole.feed(text) == cut_up.feed(text[:cut]) + cut_up.feed(text[cut:])


@given(st.lists(st.text("abcdefgh", min_size=1, max_size=8), max_size=40), st.integers(10, 40))
@example(["a" * 8, "b"], 10)
def test_words_that_fit_a_line_are_never_cut(words: list[str], width: int) -> None:
    lines = screen(WordWrap(width).feed(" ".join(words)), width)
    assert [word for line in lines for word in line.split()] == words
