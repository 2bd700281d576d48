"""A spinner on standard error while a command waits for an answer."""

import sys
import threading
from types import TracebackType
from typing import Self, TextIO

from paddock.cli.terminal.screen import is_terminal


class Spinner:
    """An animated character while a command waits; nothing is written if the stream is not a terminal."""

    FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if is_terminal(self._stream):
            self._thread = threading.Thread(target=self._animate, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Erase the character. May be called more than once."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _animate(self) -> None:
        count = 0
        while not self._stopped.wait(0.1):
            self._stream.write(f"\r{self.FRAMES[count % len(self.FRAMES)]} ")
            self._stream.flush()
            count += 1
        if count:
            self._stream.write("\r\x1b[K")
            self._stream.flush()
