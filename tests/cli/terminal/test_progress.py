import io
import re

import pytest

from paddock.cli.terminal.progress import LineProgress, LiveProgress, open_progress
from paddock.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_each_step_is_a_line_that_ends_in_a_space() -> None:
    out = io.StringIO()
    with LineProgress(out) as display:
        display.report(Progress("parsing GGUF"))
        display.report(Progress("parsing GGUF"))
        display.report(Progress("success"))
    assert out.getvalue() == "parsing GGUF \nsuccess \n"


def test_a_file_is_a_line_once_it_is_complete() -> None:
    out = io.StringIO()
    with LineProgress(out) as display:
        for done in (0, 50, 100, 100):
            display.copying(Progress(digest="sha256:12", total=100, completed=done))
    assert out.getvalue() == "copying file sha256:12 100% \n"


def test_a_layer_that_is_interrupted_says_how_far_it_came() -> None:
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt), LineProgress(out) as display:
        display.report(Progress("pulling 270cba1bd510", "sha256:12", 1_000_000, 400_000))
        raise KeyboardInterrupt
    assert out.getvalue() == "pulling 270cba1bd510: 40% 1 MB \n"


def test_an_error_before_the_first_step_comes_after_an_empty_line() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError, match="no"), LineProgress(out):
        raise ValueError("no")
    assert out.getvalue() == "\n"


def test_an_empty_file_is_complete_at_once() -> None:
    out = io.StringIO()
    with LineProgress(out) as display:
        display.copying(Progress(digest="sha256:12"))
    assert out.getvalue() == "copying file sha256:12 100% \n"


def test_steps_without_a_digest_are_told_apart_by_their_names() -> None:
    out = io.StringIO()
    with LineProgress(out) as display:
        for name in ("converting", "quantizing"):
            display.report(Progress(name, total=2000, completed=2000))
            display.report(Progress(name, total=2000, completed=2000))
    assert out.getvalue() == "converting: 100% 2 KB \nquantizing: 100% 2 KB \n"


def test_a_terminal_has_a_live_display_and_a_pipe_has_lines() -> None:
    assert isinstance(open_progress(Terminal()), LiveProgress)
    assert isinstance(open_progress(io.StringIO()), LineProgress)


def test_the_live_display_ticks_finished_steps_and_has_one_bar_for_each_layer() -> None:
    out = Terminal()
    with LiveProgress(out) as display:
        display.report(Progress("pulling manifest"))
        for done in (0, 500_000, 1_000_000):
            display.report(Progress("pulling 270cba1bd510", "sha256:12", 1_000_000, done))
        display.copying(Progress(digest="sha256:0123456789abcdef"))
        display.report(Progress("success"))
    drawn_last = out.getvalue().rpartition("\x1b[2K")[2]
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", drawn_last).strip().split("\n")
    assert last[0].split() == ["✓", "pulling", "manifest"]
    assert last[1].startswith("✓ pulling 270cba1bd510 ━") and "1.0/1.0 MB" in last[1]
    assert last[2].startswith("✓ copying 0123456789ab ━")
    assert last[3].split() == ["✓", "success"]


def test_the_live_display_leaves_an_interrupted_step_unticked() -> None:
    out = Terminal()
    with pytest.raises(KeyboardInterrupt), LiveProgress(out) as display:
        display.report(Progress("pulling manifest"))
        raise KeyboardInterrupt
    assert "pulling manifest" in out.getvalue() and "✓" not in out.getvalue()
