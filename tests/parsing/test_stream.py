from hypothesis import given
from hypothesis import strategies as st

from paddock.parsing.reply import ReplyRequest
from paddock.parsing.stream import Reader, Sink, Steps, StopTexts, StreamParser, Trimmed


def read(pieces: list[str], *stops: str, keep_begun: bool = True) -> list[str]:
    """The texts between the stops, with the stops."""
    found: list[str] = []

    def grammar(reader: Reader, sink: Sink, request: ReplyRequest) -> Steps[None]:
        stop: str | None = ""
        while stop is not None:
            parts: list[str] = []
            stop = yield from reader.until(StopTexts(*stops), parts.append, keep_begun=keep_begun)
            found.extend(["".join(parts), stop or "."])

    parser = StreamParser(grammar, ReplyRequest())
    for piece in pieces:
        parser.feed(piece)
    parser.finish()
    return found


def test_the_longest_of_stops_that_begin_together_counts() -> None:
    assert read(list("a<b>c<b>>d"), "<b>", "<b>>") == ["a", "<b>", "c", "<b>>", "d", "."]


def test_the_first_of_stops_that_overlap_counts() -> None:
    assert read(list("xabc"), "ab", "xabc") == ["", "xabc", "", "."]
    assert read(list("xabd"), "ab", "xabc") == ["x", "ab", "d", "."]


def test_the_beginning_of_a_stop_at_the_end_is_kept_or_dropped() -> None:
    assert read(["a <", "sto"], "<stop>") == ["a <sto", "."]
    assert read(["a <", "sto"], "<stop>", keep_begun=False) == ["a ", "."]


def test_without_stops_everything_is_text() -> None:
    assert read(["a", "b"], "", "") == ["ab", "."]


@given(
    text=st.text("ab<>", max_size=20), size=st.integers(1, 5), stops=st.lists(st.text("ab<>", min_size=1), max_size=3)
)
def test_reading_never_depends_on_the_pieces(text: str, size: int, stops: list[str]) -> None:
    pieces = [text[place : place + size] for place in range(0, len(text), size)]
    assert read(pieces, *stops) == read([text], *stops)


def test_white_space_is_dropped_at_the_ends_only() -> None:
    passed: list[str] = []
    write = Trimmed(passed.append, left=True, right=True)
    for piece in (" ", "\n a", " ", " b ", "\n"):
        write(piece)
    assert "".join(passed) == "a  b"
    write.flush()
    assert "".join(passed) == "a  b \n"
