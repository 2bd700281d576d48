import io

import pytest

from paddock.cli.terminal.progress import LineProgress
from paddock.progress import Progress


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
