"""Word wrap for streamed text: a word is shown at once, and moved to the next line when it turns out not to fit."""

from paddock.cli.terminal.screen import char_width

_TAB = 8


class WordWrap:
    """Converts chunks of text to output for a terminal of `width` columns.

    `width` may change between chunks. The last column stays free, because terminals differ in what they do with a
    cursor behind it. The result does not depend on how the text is cut into chunks.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self._column = 0
        self._word = ""
        self._word_width = 0

    def feed(self, text: str) -> str:
        """Return the output for the next chunk: its text, line breaks, and control sequences that erase a word."""
        limit = max(1, self.width - 1)
        out: list[str] = []
        for char in text:
            if char in "\n\r":
                out.append(char)
                self._column = 0
                self._end_word()
            elif char in " \t":
                self._space(char, limit, out)
            else:
                self._letter(char, char_width(char), limit, out)
        return "".join(out)

    def _space(self, char: str, limit: int, out: list[str]) -> None:
        self._end_word()
        width = 1 if char == " " else _TAB - self._column % _TAB
        if self._column + width > limit:
            self._column = limit  # the line break takes the place of the space, if more text comes
        else:
            out.append(char)
            self._column += width

    def _letter(self, char: str, width: int, limit: int, out: list[str]) -> None:
        if self._column + width > limit:
            if width < 2 and self._word_width < self._column:
                if self._word_width:
                    out.append(f"\x1b[{self._word_width}D\x1b[K")
                out.append("\n" + self._word)
                self._column = self._word_width
            else:
                out.append("\n")
                self._column = 0
                self._end_word()
        out.append(char)
        self._column += width
        if width >= 2:
            self._end_word()
        elif width or self._word:
            self._word += char
            self._word_width += width

    def _end_word(self) -> None:
        self._word = ""
        self._word_width = 0
