"""Rows of measurements: printed as they come, and the last ones kept in `RESULTS.md`."""

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "RESULTS.md"
WORDS = ("river", "stone", "cloud", "lamp", "green", "seven", "under", "bright", "paper", "music", "tower", "quiet")
"""For prompts of any length."""


@dataclass(frozen=True)
class Row:
    """One measurement. `passed` is None where there is no bar."""

    what: str
    figure: str
    bar: str = ""
    passed: bool | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        return {True: "pass", False: "FAIL", None: ""}[self.passed]


def at_most(what: str, value: float, bar: float, unit: str, note: str = "") -> Row:
    """Return a row that passes up to `bar`."""
    return Row(what, f"{value:.3g} {unit}", f"≤ {bar:g} {unit}", value <= bar, note)


def at_least(what: str, value: float, bar: float, note: str = "") -> Row:
    """Return a row for a ratio, which passes from `bar` on."""
    return Row(what, f"{value:.3f}", f"≥ {bar:g}", value >= bar, note)


def table(rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [("what", "figure", "bar", "", "note"), *((r.what, r.figure, r.bar, r.verdict, r.note) for r in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    written = ["| " + " | ".join(f.ljust(w) for f, w in zip(line, widths, strict=True)) + " |" for line in lines]
    return "\n".join([written[0], "|" + "|".join("-" * (w + 2) for w in widths) + "|", *written[1:]])


def keep(scenario: str, rows: Sequence[Row], where: str, path: Path = RESULTS) -> None:
    """Put the rows into the results file in place of the scenario's older ones; `where` is the machine at the start."""
    old = path.read_text("utf-8") if path.exists() else ""
    sections = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", old, re.MULTILINE | re.DOTALL))
    sections[scenario] = f"{date.today().isoformat()}, {where}\n\n{table(rows)}"
    text = "# Results\n\nThe last run of each scenario of `python -m bench`.\n"
    text += "".join(f"\n## {name}\n\n{body.strip()}\n" for name, body in sorted(sections.items()))
    path.write_text(text, "utf-8")


def machine() -> str:
    """Describe this machine in a few words, and how busy it is. Figures of a busy machine mean nothing."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    return (
        f"{_processor()}, {os.cpu_count()} logical cores, {platform.system()}, Python {platform.python_version()}, "
        f"llama-cpp-python {version('llama-cpp-python')}, load average {load:.1f}"
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        match = re.search(r"^model name\s*:\s*(.+)$", information.read_text(), re.MULTILINE)
        if match:
            return match[1].strip()
    return platform.processor() or platform.machine()
