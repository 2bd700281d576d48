"""`quantize`: makes a smaller GGUF file of a large one, without a server."""

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
    """Write the model `source` as `target`, quantized to `kind`; an older file is replaced at the end.

    Of a model in several files any may be named; the others lie beside it.

    Raises:
        CommandError: if that cannot be.
    """
    if target.is_dir():
        raise CommandError(f"{target} is a folder: name the file to write")
    if not target.absolute().parent.is_dir():
        raise CommandError(f"{target.parent} is no folder")
    label = f"writing {target.name}"
    try:
        with ExitStack() as stack:
            display = cache(lambda: stack.enter_context(open_progress()))

            def report(progress: Progress) -> None:
                if progress.total:
                    display().transfer(label, label, progress.completed, progress.total)
                else:
                    display().status(progress.status)

            quantize_local_file(source, target, kind, report)
            display().status("success")
    except (LibraryError, GgufError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or target}: {error.strerror or error}") from None
