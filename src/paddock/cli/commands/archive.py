"""`export` and `import`: a model as one file."""

from contextlib import suppress
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import urlencode

from paddock.cli.client import Client
from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import open_progress

_PIECE = 1 << 20


def export(client: Client, name: str, file: str) -> None:
    """Write a model to `file`, which is there when it is complete and not before."""
    path = Path(file)
    temporary = path.with_name(f".{path.name}.part")
    try:
        with client.download("/api/export", {"model": name}) as response, open_progress() as progress:
            total, done = int(response.headers["Content-Length"]), 0
            with temporary.open("wb") as output:
                while piece := response.read(_PIECE):
                    output.write(piece)
                    done += len(piece)
                    progress.transfer(f"exporting {name}", file, done, total)
            if done != total:
                raise IncompleteRead(b"", total - done)
        temporary.replace(path)
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror or error}") from None
    finally:
        with suppress(OSError):
            temporary.unlink()


def import_(client: Client, file: str, name: str) -> None:
    """Take in the model of `file`, as `name` or under the name that it has there."""
    path = Path(file)
    try:
        with path.open("rb") as source, open_progress() as progress:
            total = path.stat().st_size
            query = f"?{urlencode({'model': name})}" if name else ""
            # The last byte counts as sent when the server has checked everything.
            answer = client.upload(
                f"/api/import{query}",
                source,
                total,
                lambda sent: progress.transfer(f"importing {path.name}", file, min(sent, total - 1), total),
            )
            progress.transfer(f"importing {path.name}", file, total, total)
    except OSError as error:
        raise CommandError(f"{error.filename or file}: {error.strerror or error}") from None
    print(f"imported {answer['model']}")
