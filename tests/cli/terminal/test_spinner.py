import io
import time

from paddock.cli.terminal.spinner import Spinner


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_spinner_turns_at_a_terminal_and_erases_itself() -> None:
    out = Terminal()
    with Spinner(out) as spinner:
        deadline = time.monotonic() + 10
        while "⠙" not in out.getvalue() and time.monotonic() < deadline:
            time.sleep(0.01)
        spinner.stop()
        spinner.stop()
        written = out.getvalue()
    assert written.startswith("\r⠋ \r⠙ ")
    assert written.endswith("\r\x1b[K")
    assert out.getvalue() == written, "it goes on after it was stopped"


def test_a_spinner_that_is_stopped_at_once_writes_nothing() -> None:
    out = Terminal()
    with Spinner(out):
        pass
    assert out.getvalue() == ""


def test_without_a_terminal_nothing_is_written() -> None:
    out = io.StringIO()
    with Spinner(out):
        time.sleep(0.15)
    assert out.getvalue() == ""
