"""Line editing and history with the standard library's readline, if it is there."""

import contextlib
import os
from pathlib import Path
from typing import Any

_HISTORY_LENGTH = 1000


class Editor:
    """Reads lines and keeps them in a history file, one per line, that only its owner may read."""

    def __init__(self, history: Path, *, remember: bool) -> None:
        self._file = history
        self._readline = _import_readline()
        self.remember = remember
        """Whether the lines that are read from now on go into the history."""
        if self._readline is not None:
            self._readline.set_auto_history(False)
            self._readline.set_history_length(_HISTORY_LENGTH)
            with contextlib.suppress(OSError):
                self._readline.read_history_file(history)

    def read_line(self, prompt: str) -> str:
        """Show `prompt` and return the line that is typed, without its line end.

        Raises:
            EOFError: after Ctrl-D on an empty line.
            KeyboardInterrupt: after Ctrl-C.
        """
        line = input(prompt)
        if self.remember and line.strip():
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
            # The whole file is written, because libedit cannot append and the file must not outgrow its limit.
            self._readline.write_history_file(self._file)


def _import_readline() -> Any:
    try:
        import readline
    except ImportError:
        return None
    return readline
