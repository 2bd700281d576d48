"""`make goldens [GOLDENS=folder]`: compare our prompts and parsed replies with recorded ones, and print short diffs.

The folder has the layout of the recordings of Ollama that lie next to the project: `renderers`, `parsers`,
`tool-templates` and `template-snippets`; missing parts are skipped. `tests/parsing/known_differences.py` lists the
known differences, each with its reason; they count as neither passed nor failed.
"""

import datetime
import difflib
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any

from tests.parsing.known_differences import KNOWN_DIFFERENCES
from tests.parsing.parsers import parser_named, parser_of_calls, parser_of_template
from tests.parsing.recorded import Result, cuts, parsed, recorded, rows
from tests.templates.go.test_template import expected, rendered
from tests.templates.recorded import message

from paddock.parsing.named import NAMED_PARSERS
from paddock.parsing.reply import ReplyParser
from paddock.templates import TemplateError
from paddock.templates.go.analysis import analyse
from paddock.templates.go.template import GoTemplate
from paddock.templates.renderers import render

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "fixtures"
DIFF_LINES = 6
FAILED = "(an error)"


@dataclass(frozen=True)
class Case:
    """A recording: its name, the recorded results, and a function that computes our result."""

    name: str
    recorded: tuple[object, ...]
    """Our result must equal one of these."""
    ours: Callable[[], object]


def main(arguments: list[str]) -> int:
    """Compare every recording in a folder; return 0 if none failed, 1 if one did, 2 if there is none."""
    folder = Path(arguments[0]) if arguments else DEFAULT
    passed = failed = known = 0
    for case in cases(folder):
        try:
            ours = case.ours()
        except (TemplateError, KeyError) as error:
            ours = FAILED if isinstance(error, TemplateError) else f"(no such format: {error})"
        if case.name in KNOWN_DIFFERENCES:
            known += 1
        elif ours in case.recorded:
            passed += 1
        else:
            failed += 1
            print(f"- {case.name}")
            print(*difference(case.recorded[0], ours), sep="\n")
    if not passed + failed + known:
        print(f"{folder} holds no recordings")
        return 2
    print(f"{known} known differences")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def cases(folder: Path) -> Iterator[Case]:
    """Yield every recording in a folder."""
    for file in sorted(folder.glob("renderers/*.jsonl")):
        yield from (_renderer_case(file.stem, row) for row in rows(file))
    for file in sorted(folder.glob("tool-templates/*/render.jsonl")):
        template = (file.parent / "template.gotmpl").read_bytes().decode()
        yield from (_template_case(file.parent.name, template, row) for row in rows(file))
    for file in sorted(folder.glob("template-snippets/render.jsonl")):
        yield from (_template_case("template-snippets", row["template"], row) for row in rows(file))
    for file in sorted(folder.glob("parsers/*.jsonl")):
        yield from (_parser_case(file.stem, row) for row in rows(file))
    for file in sorted(folder.glob("tool-templates/*/parse.jsonl")):
        template = (file.parent / "template.gotmpl").read_bytes().decode()
        yield from (_generic_case(file.parent.name, template, row) for row in rows(file))


def difference(expected: object, ours: object) -> list[str]:
    """Return the first lines in which two results differ."""
    old, new = (
        (value if isinstance(value, str) else json.dumps(value, default=_fields, indent=1)).splitlines()
        for value in (expected, ours)
    )
    lines = list(difflib.unified_diff(old, new, "recorded", "ours", lineterm="", n=0))
    return [f"    {line[:160]}" for line in lines[: DIFF_LINES + 2]]


def _fields(value: object) -> object:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)


def _renderer_case(name: str, row: dict[str, Any]) -> Case:
    def ours() -> str:
        today = datetime.date.fromisoformat(row["date"]) if "date" in row else None
        messages = [message(fields) for fields in row["messages"]]
        return render(name, messages, row.get("tools", ()), row.get("think"), today=today)

    results = (FAILED,) if "error" in row else tuple(row.get("prompt_any_of", [row.get("prompt")]))
    return Case(f"{name}:{row['name']}", results, ours)


def _template_case(name: str, template: str, row: dict[str, Any]) -> Case:
    def ours() -> str:
        return rendered(GoTemplate(template), row)

    return Case(f"{name}:render:{row['name']}", (FAILED if "error" in row else expected(row),), ours)


def _parser_case(name: str, row: dict[str, Any]) -> Case:
    def make() -> ReplyParser:
        return parser_named(name, tools=row.get("tools"), think=row.get("think"), last_message=row.get("last_message"))

    def ours() -> Result:
        return _every_cut(make, row["output"], list(NAMED_PARSERS[name].info.preserved_tokens), row)

    return Case(f"{name}:{row['name']}", (recorded(row),), ours)


def _generic_case(name: str, template: str, row: dict[str, Any]) -> Case:
    shown = analyse(template)
    opening, closing = shown.thinking_tags

    def make() -> ReplyParser:
        if row["kind"] == "thinking":
            prompt = opening if row.get("prompt_opens_thinking") else ""
            return parser_of_template(template, tools=None, think=True, prompt=prompt)
        if row["kind"] == "tools":
            return parser_of_calls(template, row["tools"])
        return parser_of_template(template, tools=row["tools"], think=row.get("think"), prompt="")

    def ours() -> Result:
        return _every_cut(
            make, row["output"], [text for text in (opening, closing, shown.tool_call_prefix) if len(text) > 1], row
        )

    return Case(f"{name}:{row['kind']}:{row['name']}", (recorded(row),), ours)


def _every_cut(make: Callable[[], ReplyParser], output: str, whole: list[str], row: dict[str, Any]) -> Result:
    """Parse a reply cut in several ways. Return the result, or that of a cut that differs from the others."""
    results = [parsed(make(), pieces) for pieces in cuts(output, whole, seed=1)]
    recording = recorded(row)
    different = next((result for result in results if result != results[0]), results[0])
    if "note" in row and different.content == recording.content and len(different.calls) == len(recording.calls):
        return recording  # the value of a number that overflows depends on the processor
    return different


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
