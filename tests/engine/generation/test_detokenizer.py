from hypothesis import given
from hypothesis import strategies as st

from paddock.engine.generation.detokenizer import IncrementalDetokenizer, StopMatcher

pieces = st.lists(st.text("abé ", max_size=4), max_size=12)
stops = st.lists(st.text("abé", min_size=1, max_size=4), min_size=1, max_size=3)


def whole(text: str, stop_strings: list[str]) -> str:
    """The text up to the first stop string."""
    found = [at for stop in stop_strings if (at := text.find(stop)) >= 0]
    return text[: min(found)] if found else text


@given(pieces, stops)
def test_stops_are_found_however_the_text_is_cut(parts: list[str], stop_strings: list[str]) -> None:
    text = "".join(parts)
    matcher = StopMatcher(stop_strings)
    shown = ""
    for i, part in enumerate(parts):
        shown += matcher.feed(part)
        if matcher.matched is not None:
            break
        so_far = "".join(parts[: i + 1])
        # Only what may become a stop string is held back.
        held = so_far[len(shown) :]
        assert so_far.startswith(shown)
        assert not held or any(stop.startswith(held) for stop in stop_strings)
    shown += matcher.flush()
    first = whole(text, stop_strings)
    if matcher.matched is None:
        assert shown == text == first
    else:
        # Of several stop strings, the one that is complete first counts.
        assert text.startswith(shown + matcher.matched)
        assert whole(shown, stop_strings) == shown


@given(st.text(max_size=30), st.data())
def test_characters_are_never_cut(text: str, data: st.DataObject) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    stream = IncrementalDetokenizer()
    out = ""
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        out += stream.feed(raw[:size])
        raw = raw[size:]
    out += stream.flush()
    assert out == text


@given(st.binary(max_size=40), st.data())
def test_bytes_that_are_no_utf8_become_replacement_characters(raw: bytes, data: st.DataObject) -> None:
    stream = IncrementalDetokenizer()
    whole_text = raw.decode("utf-8", "replace")
    out = ""
    while raw:
        size = data.draw(st.integers(1, len(raw)))
        out += stream.feed(raw[:size])
        raw = raw[size:]
    assert out + stream.flush() == whole_text


def test_text_before_a_stop_string_is_let_through_at_once() -> None:
    stream = IncrementalDetokenizer(["girl"])
    assert [stream.feed(p) for p in (b" little", b" g", b"ir", b"l", b" more")] == [" little", " ", "", "", ""]
    assert stream.stopped
    assert stream.flush() == ""


def test_what_only_looked_like_a_stop_string_comes_out() -> None:
    stream = IncrementalDetokenizer(["girl"])
    assert stream.feed(b" gi") == " "
    assert stream.feed(b"ft") == "gift"
    assert stream.feed(b"gir") == ""
    assert stream.flush() == "gir"
    assert not stream.stopped


def test_a_cut_character_at_the_end_becomes_a_replacement_character() -> None:
    stream = IncrementalDetokenizer()
    assert stream.feed("é".encode()[:1]) == ""
    assert stream.flush() == "\ufffd"
