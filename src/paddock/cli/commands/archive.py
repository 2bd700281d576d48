"""`export` and `import`: a model as a single file."""

from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlencode

from paddock.cli.client import Client
from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import open_progress
from paddock.progress import Progress

_CHUNK_BYTES = 1 << 20


def export(client: Client, name: str, file: str) -> None:
    """Write a model to `file`, which appears only when it is complete."""
    path = Path(file)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with client.download("/api/export", {"model": name}) as response, open_progress() as display:
            total, done = int(response.headers["Content-Length"]), 0
            with temporary.open("wb") as output:
                while chunk := response.read(_CHUNK_BYTES):
                    output.write(chunk)
                    done += len(chunk)
                    display.report(Progress(f"exporting {name}", total=total, completed=done))
            if done != total:
                raise IncompleteRead(b"", total - done)
        temporary.replace(path)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def import_(client: Client, file: str, name: str) -> None:
    """Add the model in `file` to the server, as `name` or, if that is empty, under its name in the file."""
    path = Path(file)
    try:
        with path.open("rb") as source, open_progress() as display:
            total = path.stat().st_size

            def report(done: int) -> None:
                display.report(Progress(f"importing {path.name}", total=total, completed=done))

            query = f"?{urlencode({'model': name})}" if name else ""
            # The last byte counts only when the server has answered: it has then checked the whole file.
            answer = client.upload(f"/api/import{query}", source, total, lambda sent: report(min(sent, total - 1)))
            report(total)
    except OSError as error:
        raise CommandError(f"{error.filename or file}: {error.strerror or error}") from None
    print(f"imported {answer['model']}")
