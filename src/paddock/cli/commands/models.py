"""`list`, `ps`, `cp`, `rm` and `stop`: commands about whole models."""

import sys
from datetime import UTC, datetime

from paddock.cli.client import Client
from paddock.cli.errors import CommandError, ServerError
from paddock.cli.loading import unload
from paddock.cli.terminal.human import human_bytes, human_time
from paddock.cli.terminal.tables import Table


def list_models(client: Client, prefix: str) -> None:
    """Print the models whose names start with `prefix`, whatever the case, in the server's order: newest first."""
    models = client.get("/api/tags")["models"] or []
    table = Table(["NAME", "ID", "SIZE", "MODIFIED"])
    now = datetime.now(UTC)
    for model in models:
        if model["name"].lower().startswith(prefix.lower()):
            size = "-" if model.get("remote_model") else human_bytes(model["size"])
            table.add([model["name"], model["digest"][:12], size, human_time(_moment(model["modified_at"]), now)])
    sys.stdout.write(table.render())


def list_running(client: Client, prefix: str) -> None:
    """Print the loaded models whose names start with `prefix`."""
    models = client.get("/api/ps")["models"] or []
    table = Table(["NAME", "ID", "SIZE", "PROCESSOR", "CONTEXT", "UNTIL"])
    now = datetime.now(UTC)
    for model in models:
        if model["name"].startswith(prefix):
            expires = _moment(model["expires_at"])
            until = human_time(expires, now) if expires >= now else "Stopping..."
            table.add(
                [
                    model["name"],
                    model["digest"][:12],
                    human_bytes(model["size"]),
                    processor(model["size"], model.get("size_vram", 0)),
                    str(model.get("context_length", 0)),
                    until,
                ]
            )
    sys.stdout.write(table.render())


def processor(size: int, size_vram: int) -> str:
    """Return where a model's bytes are: `100% CPU`, `100% GPU`, `48%/52% CPU/GPU`."""
    if size_vram == 0:
        return "100% CPU"
    if size_vram == size:
        return "100% GPU"
    if size_vram > size:
        return "Unknown"
    cpu = int((size - size_vram) / size * 100 + 0.5)
    return f"{cpu}%/{100 - cpu}% CPU/GPU"


def copy(client: Client, source: str, destination: str) -> None:
    """Copy a model to another name."""
    client.request("POST", "/api/copy", {"source": source, "destination": destination})
    print(f"copied '{source}' to '{destination}'")


def remove(client: Client, names: list[str]) -> None:
    """Unload and delete models, one after another; stop at the first that cannot be deleted."""
    for name in names:
        try:
            unload(client, name)
        except ServerError as error:
            if error.status != 404:
                print(f"Warning: unable to stop model '{name}'", file=sys.stderr)
        client.request("DELETE", "/api/delete", {"model": name})
        print(f"deleted '{name}'", flush=True)


def stop(client: Client, name: str) -> None:
    """Unload a model.

    Raises:
        CommandError: if the model does not exist.
    """
    try:
        unload(client, name)
    except ServerError as error:
        if error.status == 404:
            raise CommandError(f'couldn\'t find model "{name}" to stop') from None
        raise


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
