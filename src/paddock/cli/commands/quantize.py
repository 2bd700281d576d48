"""`quantize`: writes a GGUF file with smaller weights, without a server."""

from contextlib import ExitStack
from functools import cache
from pathlib import Path

from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import open_progress
from paddock.gguf import GgufError
from paddock.library.create.quantize import quantize_local_file
from paddock.library.errors import LibraryError
from paddock.progress import Progress


def quantize(source: Path, target: Path, kind: str) -> None:
    """Write the model `source` to `target`, quantized to the type `kind`; an older file is replaced at the end.

    If a model is split into several files, `source` may be any of them, and the others must be in the same folder.

    Raises:
        CommandError: if a file cannot be read or written, or the model cannot have this type.
    """
    if target.is_dir():
        raise CommandError(f"{target} is a folder: name the file to write")
    if not target.absolute().parent.is_dir():
        raise CommandError(f"{target.parent} is not a folder")
    try:
        with ExitStack() as stack:
            # Opened at the first report, so that an error before it stands alone.
            display = cache(lambda: stack.enter_context(open_progress()))

            def report(progress: Progress) -> None:
                status = f"writing {target.name}" if progress.total else progress.status
                display().report(Progress(status, total=progress.total, completed=progress.completed))

            quantize_local_file(source, target, kind, report)
            display().report(Progress("success"))
    except (LibraryError, GgufError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or target}: {error.strerror or error}") from None
