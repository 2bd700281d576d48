"""What a long command is doing: lines for scripts and logs, a live display for a person at a terminal."""

import sys
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from paddock.cli.terminal.human import human_bytes
from paddock.cli.terminal.screen import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID


class Progress(Protocol):
    """Where a command reports to. Use it as a context manager: leaving it ends the display."""

    def status(self, text: str) -> None:
        """Say what is being done now."""

    def copying(self, digest: str, done: int, total: int) -> None:
        """Say how many bytes of a local file have been sent to the server."""

    def transfer(self, label: str, digest: str, done: int, total: int) -> None:
        """Say how many bytes of a layer have come or gone."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_progress(stream: TextIO | None = None) -> Progress:
    """The display that fits `stream` (default: standard error)."""
    stream = stream or sys.stderr
    return LiveProgress(stream) if is_terminal(stream) else LineProgress(stream)


class LineProgress:
    """One line for each step, each ending in a space as scripts know it; a file or layer when it is complete.

    Nothing but an error leaves an empty line before it.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last = ""
        self._open: dict[str, str] = {}
        self._complete: set[str] = set()
        self._silent = True

    def status(self, text: str) -> None:
        """Print the step unless it is the one printed last."""
        if text != self._last:
            self._last = text
            self._print(text)

    def copying(self, digest: str, done: int, total: int) -> None:
        """Print the file when all of it has been sent."""
        self._measure(f"copying file {digest}", digest, done, total, "")

    def transfer(self, label: str, digest: str, done: int, total: int) -> None:
        """Print the layer when all of it has come or gone."""
        self._measure(f"{label}:", digest, done, total, f" {human_bytes(total)}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._open.values():
            self._print(line)
        if self._silent:
            print(file=self._stream)

    def _measure(self, label: str, digest: str, done: int, total: int, suffix: str) -> None:
        self._open[digest] = f"{label} {_percent(done, total)}%{suffix}"
        if done >= total:
            line = self._open.pop(digest)
            if digest not in self._complete:
                self._complete.add(digest)
                self._print(line)

    def _print(self, text: str) -> None:
        self._silent = False
        print(f"{text} ", file=self._stream, flush=True)


class LiveProgress:
    """The current step with a spinner, and a bar for each file or layer, drawn in place by Rich."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            DownloadColumn,
            Progress,
            SpinnerColumn,
            TextColumn,
            TimeRemainingColumn,
            TransferSpeedColumn,
        )
        from rich.table import Column

        class Bytes(DownloadColumn):
            def render(self, task):  # type: ignore[no-untyped-def]
                return super().render(task) if task.total else ""

        class Speed(TransferSpeedColumn):
            def render(self, task):  # type: ignore[no-untyped-def]
                return super().render(task) if task.total and not task.finished else ""

        class Left(TimeRemainingColumn):
            def render(self, task):  # type: ignore[no-untyped-def]
                return super().render(task) if task.total and not task.finished else ""

        class Bar(BarColumn):
            def render(self, task):  # type: ignore[no-untyped-def]
                return super().render(task) if task.total else ""

        self._console = Console(file=stream, highlight=False)
        self._display: RichProgress = Progress(
            SpinnerColumn(finished_text="✓"),
            TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            Bar(bar_width=24),  # in a narrow terminal it is what becomes shorter
            Bytes(table_column=Column(no_wrap=True)),
            Speed(table_column=Column(no_wrap=True)),
            Left(table_column=Column(no_wrap=True)),
            console=self._console,
        )
        self._status: TaskID | None = None
        self._text = ""
        self._bars: dict[str, TaskID] = {}

    def status(self, text: str) -> None:
        """Tick the step before and spin for this one."""
        if text == self._text:
            return
        self._finish()
        self._text = text
        self._status = self._display.add_task(text, total=None)
        if text == "success":
            self._finish()

    def copying(self, digest: str, done: int, total: int) -> None:
        """Draw the file's bar."""
        self._measure(f"copying {digest[7:19]}", digest, done, total)

    def transfer(self, label: str, digest: str, done: int, total: int) -> None:
        """Draw the layer's bar."""
        self._measure(label, digest, done, total)

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._finish()
        self._display.stop()

    def _measure(self, label: str, digest: str, done: int, total: int) -> None:
        self._finish()
        if digest not in self._bars:
            # What is there already does not count for the speed.
            self._bars[digest] = self._display.add_task(label, total=max(total, 1), completed=done)
        self._display.update(self._bars[digest], completed=done if total else 1)

    def _finish(self) -> None:
        if self._status is not None:
            self._display.update(self._status, total=0, completed=0)
            self._status = None
            self._text = ""


class Spinner:
    """A turning character on standard error while something has not answered yet; nothing where that is no terminal."""

    FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        if is_terminal(self._stream):
            self._thread = threading.Thread(target=self._turn, daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Take the character away. Safe to call again."""
        self._stopped.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _turn(self) -> None:
        drawn = 0
        while not self._stopped.wait(0.1):
            self._stream.write(f"\r{self.FRAMES[drawn % len(self.FRAMES)]} ")
            self._stream.flush()
            drawn += 1
        if drawn:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


def _percent(done: int, total: int) -> int:
    return 100 * done // total if total else 100
