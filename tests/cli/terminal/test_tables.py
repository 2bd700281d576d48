from hypothesis import given
from hypothesis import strategies as st

from paddock.cli.terminal.screen import text_width
from paddock.cli.terminal.tables import Table, break_evenly

CELL = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "Zs")), max_size=80)


def test_an_empty_table_is_its_header_with_one_space() -> None:
    assert Table(["NAME", "ID"]).render() == "NAME    ID \n"


def test_cells_are_padded_to_the_column_and_followed_by_four_spaces() -> None:
    table = Table(["NAME", "SIZE"])
    table.add(["stories:latest", "1.2 MB"])
    assert table.render() == "NAME              SIZE   \nstories:latest    1.2 MB    \n"


def test_rows_may_have_different_lengths() -> None:
    table = Table()
    table.add(["", "stop", '"a', 'b"'])
    table.add(["", "temperature", "0"])
    assert table.render() == '    stop           "a    b"    \n    temperature    0     \n'


def test_a_long_cell_continues_below_where_an_ended_cell_is_two_spaces_wide() -> None:
    table = Table(wrap=10)
    table.add(["", "aaa bbb ccc ddd"])
    assert table.render() == "    aaa bbb    \n      ccc ddd    \n"


def test_wide_characters_count_twice() -> None:
    table = Table(["NAME", "X"])
    table.add(["模型", "1"])
    table.add(["abcdef", "2"])
    assert table.render() == "NAME      X \n模型      1    \nabcdef    2    \n"


def test_lines_are_broken_as_evenly_as_possible() -> None:
    # Greedy filling would give "aaa bb", "cc", "ddddd".
    assert break_evenly(["aaa", "bb", "cc", "ddddd"], 6) == ["aaa", "bb cc", "ddddd"]


def test_a_word_wider_than_the_column_widens_it() -> None:
    assert break_evenly(["a" * 12, "bb", "cc"], 6) == ["a" * 12, "bb cc"]


def test_the_last_line_may_be_short() -> None:
    assert break_evenly(["one", "two", "three", "four"], 13) == ["one two three", "four"]


@given(st.lists(st.text("abc", max_size=9), min_size=1, max_size=60), st.integers(1, 40))
def test_broken_lines_hold_every_word_and_fit(words: list[str], width: int) -> None:
    lines = break_evenly(words, width)
    assert " ".join(lines).split(" ") == " ".join(words).split(" ")
    assert all(len(line) <= max(width, *map(len, words)) for line in lines)


@given(st.lists(st.lists(CELL, min_size=2, max_size=2), max_size=6), st.integers(5, 40))
def test_all_lines_of_a_table_of_full_rows_are_equally_wide(rows: list[list[str]], wrap: int) -> None:
    table = Table(["NAME", "VALUE"], wrap=wrap)
    for row in rows:
        table.add(row)
    header, *lines = table.render().split("\n")[:-1]
    assert {text_width(line) for line in lines} <= {text_width(header) + 3}
