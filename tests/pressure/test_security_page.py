"""Every promise of the page about security names tests that show it, and each of them exists."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def functions_of(path: str) -> frozenset[str]:
    """The test functions of a file; none if there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return frozenset()
    nodes = ast.walk(ast.parse(file.read_text("utf-8")))
    functions = (node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(name for name in functions if name.startswith("test_"))


def lost(text: str) -> list[str]:
    """What the text names as a test and is none."""
    return [f"{path}::{name}" for path, name in NAMED.findall(text) if name not in functions_of(path)]


def promises(text: str) -> list[str]:
    """The rows of the tables without their heads."""
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows if not re.match(r"\|[-| ]+\|$", row) and not row.startswith("| promise |")]


def test_every_test_that_the_page_names_exists() -> None:
    assert lost(PAGE.read_text("utf-8")) == []


def test_every_promise_names_a_test_that_shows_it() -> None:
    found = promises(PAGE.read_text("utf-8"))
    assert len(found) > 20
    assert [row for row in found if not NAMED.search(row)] == []


def test_the_page_is_where_people_look_for_it() -> None:
    assert "(docs/security.md)" in (ROOT / "SECURITY.md").read_text("utf-8")


def test_what_is_no_test_is_found() -> None:
    here = "tests/pressure/test_security_page.py"
    assert lost(f"| x | `{here}::test_what_is_no_test_is_found` |") == []
    assert lost(f"| x | `{here}::test_nothing` |") == [f"{here}::test_nothing"]
    assert lost("| x | `tests/nowhere.py::test_nothing` |") == ["tests/nowhere.py::test_nothing"]
    assert promises("| promise | shown by |\n|---|---|\n| x | y |\n") == ["| x | y |"]
