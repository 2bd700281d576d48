"""The lines of the log, whatever clients put into them."""

import logging
import re

from hypothesis import given
from hypothesis import strategies as st

from paddock.server.log import MAX_LOG_MESSAGE, LineFormatter, printable
from tests.server.servers import ServerUnderTest, until

FORMATTER = LineFormatter("%(levelname)s %(message)s")


def written(message: str, *values: object, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error is not None else None
    return FORMATTER.format(logging.LogRecord("paddock", logging.INFO, "", 0, message, values, info))


def test_a_text_of_a_client_adds_no_line_to_the_log() -> None:
    assert written("no model %s", "a\nb\r\x1b[31m\u2028\x85\x00") == r"INFO no model a\nb\r\x1b[31m\u2028\x85\x00"


def test_a_log_line_has_a_limited_length() -> None:
    assert len(written("%s", "x" * 1_000_000)) < MAX_LOG_MESSAGE + 20


def test_a_traceback_is_indented_so_that_no_line_of_it_looks_like_another_record() -> None:
    try:
        raise ValueError("broken\nINFO all is well\x1b[2J")
    except ValueError as error:
        first, *others = written("unexpected error", error=error).split("\n")
    assert first == "INFO unexpected error"
    assert "    INFO all is well\\x1b[2J" in others
    assert all(line.startswith("    ") for line in others)


@given(st.text())
def test_any_text_is_one_printable_line(text: str) -> None:
    line = printable(text)
    assert line.splitlines() == ([line] if line else [])
    assert not re.search("[\x00-\x1f\x7f\ud800-\udfff]", line)


def test_a_name_with_line_breaks_leaves_no_line_of_its_own(server: ServerUnderTest) -> None:
    forged = "2026-11-21 09:15:02 INFO  forged"
    logged = len(server.log)
    server.generate("tiny", options={f"a\n{forged}": 1, "num_predict": 1})
    server.request("DELETE", "/api/delete", {"model": f"a\n{forged}"})
    server.create("a\nb", **{"from": f"x\n{forged}"})
    until(lambda: "/api/create" in server.log[logged:])
    assert forged in server.log[logged:]
    assert not any(line.startswith(forged) for line in server.log.splitlines())


def test_thousands_of_unknown_options_do_not_fill_the_log(server: ServerUnderTest) -> None:
    before = len(server.log)
    answer = server.generate("tiny", options={f"unknown{n}": n for n in range(50_000)} | {"num_predict": 1})
    assert answer.status == 200
    assert "49990 more options are unknown and ignored" in server.log[before:]
    assert len(server.log) - before < 5_000
