"""Tables in the layout that scripts parse: cells are padded to the width of their column, with four spaces after each.

Cells longer than `wrap` columns are broken between words into lines of similar length. A cell with fewer lines than its
row is at least two spaces wide in the others.
"""

from collections.abc import Iterable, Sequence

from paddock.cli.terminal.screen import text_width

GAP = " " * 4
_NO_LINE = " " * 2


class Table:
    """Rows of text cells, possibly of different lengths, under an optional header."""

    def __init__(self, header: Sequence[str] = (), *, wrap: int = 30) -> None:
        self.header = header
        self.wrap = wrap
        self._rows: list[list[list[str]]] = []
        self._widths: list[int] = []
        self._fit([[title] for title in header])

    def add(self, cells: Iterable[str]) -> None:
        """Append a row."""
        row = [wrap_cell(cell, self.wrap) for cell in cells]
        self._fit(row)
        self._rows.append(row)

    def render(self) -> str:
        """Return the table as text; each line ends in a newline."""
        lines = [self._header_line()] if self.header else []
        for row in self._rows:
            height = max(map(len, row), default=0)
            for i in range(height):
                cells = (cell[i] if i < len(cell) else _NO_LINE for cell in row)
                lines.append("".join(_pad(text, self._widths[x]) + GAP for x, text in enumerate(cells)))
        return "".join(f"{line}\n" for line in lines)

    def _fit(self, row: list[list[str]]) -> None:
        for x, cell in enumerate(row):
            width = max(map(text_width, cell), default=0)
            if x == len(self._widths):
                self._widths.append(width)
            else:
                self._widths[x] = max(self._widths[x], width)

    def _header_line(self) -> str:
        titles = [_pad(title, self._widths[x]) for x, title in enumerate(self.header)]
        return GAP.join(titles) + " "


def wrap_cell(text: str, width: int) -> list[str]:
    """Return the lines of a cell, broken between words to at most `width` columns.

    Line breaks of the text count as spaces. A word wider than `width` widens the whole cell.
    """
    lines = text.split("\n")
    return break_evenly(" ".join(lines).split(" "), min(width, max(map(text_width, lines))))


def break_evenly(words: Sequence[str], width: int) -> list[str]:
    """Break `words` into lines of at most `width` columns, with the smallest sum of squared gaps at the line ends.

    The gap of the last line does not count. A word wider than `width` raises the width to its own.
    """
    widths = [text_width(word) for word in words]
    width = max([width, *widths])
    count = len(words)
    cost = [0] * (count + 1)
    end = [count] * (count + 1)
    to_end = -1
    for start in range(count - 1, -1, -1):
        to_end += widths[start] + 1
        if to_end <= width:
            continue
        best = -1
        line = -1
        for stop in range(start + 1, count):
            line += widths[stop - 1] + 1
            if line > width:
                break
            total = (width - line) ** 2 + cost[stop]
            if best < 0 or total < best:
                best, end[start] = total, stop
        cost[start] = best
    lines = []
    start = 0
    while start < count:
        lines.append(" ".join(words[start : end[start]]))
        start = end[start]
    return lines or [""]


def _pad(text: str, width: int) -> str:
    return text + " " * (width - text_width(text))
