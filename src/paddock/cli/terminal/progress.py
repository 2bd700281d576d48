"""Progress of a long command: plain lines for scripts and logs, a live display with bars at a terminal."""

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, Self, TextIO

from paddock.cli.terminal.human import human_bytes
from paddock.cli.terminal.screen import is_terminal
from paddock.progress import Progress

if TYPE_CHECKING:
    from rich.progress import TaskID


class ProgressDisplay(Protocol):
    """Shows what a command is doing, until it is left as a context manager.

    A measured step is one bar or line, however often it is reported; its status and digest tell it from others.
    """

    def report(self, progress: Progress) -> None:
        """Show a step of the task: how far it is if it is measured, its name alone if not."""

    def copying(self, progress: Progress) -> None:
        """Show how many bytes of a local file, named by its digest, have been sent to the server."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def open_progress(stream: TextIO | None = None) -> ProgressDisplay:
    """Return the display that fits `stream`, which is standard error by default."""
    stream = stream or sys.stderr
    return LiveProgress(stream) if is_terminal(stream) else LineProgress(stream)


class LineProgress:
    """One line for each step, and one for each measured step when it is complete. Every line ends in a space.

    Scripts match these lines. If a command fails before its first step, an empty line comes before the error.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._last_status = ""
        self._incomplete: dict[str, str] = {}
        self._complete: set[str] = set()
        self._is_empty = True

    def report(self, progress: Progress) -> None:
        """Print a measured step when it is complete, any other step unless it was printed last."""
        if progress.total:
            self._measure(f"{progress.status}:", progress, f" {human_bytes(progress.total)}")
        elif progress.status != self._last_status:
            self._last_status = progress.status
            self._print(progress.status)

    def copying(self, progress: Progress) -> None:
        """Print the file when all of it has been sent."""
        self._measure(f"copying file {progress.digest}", progress)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for line in self._incomplete.values():
            self._print(line)
        if self._is_empty:
            print(file=self._stream)

    def _measure(self, label: str, progress: Progress, suffix: str = "") -> None:
        key = label + progress.digest
        percent = 100 * progress.completed // progress.total if progress.total else 100
        self._incomplete[key] = f"{label} {percent}%{suffix}"
        if progress.completed >= progress.total:
            line = self._incomplete.pop(key)
            if key not in self._complete:
                self._complete.add(key)
                self._print(line)

    def _print(self, text: str) -> None:
        self._is_empty = False
        print(f"{text} ", file=self._stream, flush=True)


class LiveProgress:
    """The current step with a spinner, and a bar for each measured step, redrawn in place by Rich."""

    def __init__(self, stream: TextIO) -> None:
        from rich import progress as rich
        from rich.console import Console
        from rich.table import Column

        class Bytes(rich.DownloadColumn):
            def render(self, task: rich.Task) -> Any:
                return super().render(task) if task.total else ""

        class Speed(rich.TransferSpeedColumn):
            def render(self, task: rich.Task) -> Any:
                return super().render(task) if task.total and not task.finished else ""

        class TimeRemaining(rich.TimeRemainingColumn):
            def render(self, task: rich.Task) -> Any:
                return super().render(task) if task.total and not task.finished else ""

        class Bar(rich.BarColumn):
            def render(self, task: rich.Task) -> Any:
                return super().render(task) if task.total else ""

        self._display = rich.Progress(
            rich.SpinnerColumn(finished_text="✓"),
            rich.TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
            Bar(bar_width=24),  # the only column that shrinks in a narrow terminal
            Bytes(table_column=Column(no_wrap=True)),
            Speed(table_column=Column(no_wrap=True)),
            TimeRemaining(table_column=Column(no_wrap=True)),
            console=Console(file=stream, highlight=False),
        )
        self._step: TaskID | None = None
        self._status = ""
        self._bars: dict[tuple[str, str], TaskID] = {}

    def report(self, progress: Progress) -> None:
        """Draw the bar of a measured step; for any other, tick the step before and spin for this one."""
        if progress.total:
            self._measure(progress.status, progress)
        elif progress.status != self._status:
            self._finish_step()
            self._status = progress.status
            self._step = self._display.add_task(progress.status, total=None)
            if progress.status == "success":
                self._finish_step()

    def copying(self, progress: Progress) -> None:
        """Draw the file's bar."""
        self._measure(f"copying {progress.digest[7:19]}", progress)

    def __enter__(self) -> Self:
        self._display.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._finish_step()
        self._display.stop()

    def _measure(self, label: str, progress: Progress) -> None:
        self._finish_step()
        done, total = progress.completed, progress.total
        key = (label, progress.digest)
        if key not in self._bars:
            # Bytes that were there before do not count towards the speed.
            self._bars[key] = self._display.add_task(label, total=max(total, 1), completed=done)
        self._display.update(self._bars[key], completed=done if total else 1)

    def _finish_step(self) -> None:
        if self._step is not None:
            self._display.update(self._step, total=0, completed=0)
            self._step = None
            self._status = ""
