"""Reading lines from a person: editing and history through the standard library's readline, where it is there."""

import contextlib
import os
from pathlib import Path
from typing import Any

_HISTORY_LENGTH = 1000


class Editor:
    """Prompts for lines and remembers them in `history`, a file of one line each that only its owner may read."""

    def __init__(self, history: Path, *, remember: bool) -> None:
        self._file = history
        self._readline = _import_readline()
        self._remember = remember
        if self._readline is not None:
            self._readline.set_auto_history(False)
            self._readline.set_history_length(_HISTORY_LENGTH)
            with contextlib.suppress(OSError):
                self._readline.read_history_file(history)

    def remember(self, wanted: bool) -> None:
        """Whether lines from now on go into the history."""
        self._remember = wanted

    def ask(self, prompt: str) -> str:
        """One line, without its end.

        Raises:
            EOFError: after Ctrl-D on an empty line.
            KeyboardInterrupt: after Ctrl-C.
        """
        line = input(prompt)
        if self._remember and line.strip():
            self._append(line)
        return line

    def _append(self, line: str) -> None:
        if self._readline is None:
            return
        length = self._readline.get_current_history_length()
        if length and self._readline.get_history_item(length) == line:
            return
        self._readline.add_history(line)
        with contextlib.suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_CREAT | os.O_WRONLY, 0o600))
            # The whole file, since libedit cannot append, and the length must be kept within its limit.
            self._readline.write_history_file(self._file)


def _import_readline() -> Any:
    try:
        import readline
    except ImportError:
        return None
    return readline
