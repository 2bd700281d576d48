"""The commands about models as a whole: `list`, `ps`, `cp`, `rm`, `stop`."""

import sys
from datetime import UTC, datetime
from typing import Any

from paddock.cli.client import Client
from paddock.cli.errors import CommandError, ServerError
from paddock.cli.terminal.human import human_bytes, human_time
from paddock.cli.terminal.tables import Table


def list_models(client: Client, prefix: str) -> None:
    """Print the models whose names start with `prefix`, newest first."""
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
    """Where a model's bytes are: `100% CPU`, `100% GPU`, `48%/52% CPU/GPU`."""
    if size_vram == 0:
        return "100% CPU"
    if size_vram == size:
        return "100% GPU"
    if size_vram > size:
        return "Unknown"
    cpu = int((size - size_vram) / size * 100 + 0.5)
    return f"{cpu}%/{100 - cpu}% CPU/GPU"


def copy(client: Client, source: str, destination: str) -> None:
    """Give a model a second name."""
    client.request("POST", "/api/copy", {"source": source, "destination": destination})
    print(f"copied '{source}' to '{destination}'")


def remove(client: Client, names: list[str]) -> None:
    """Delete models, each after it has been unloaded; stops at the first that cannot be."""
    for name in names:
        try:
            unload(client, name)
        except ServerError as error:
            if error.status != 404:
                print(f"Warning: unable to stop model '{name}'", file=sys.stderr)
        client.request("DELETE", "/api/delete", {"model": name})
        print(f"deleted '{name}'", flush=True)


def stop(client: Client, name: str) -> None:
    """Unload a model."""
    try:
        unload(client, name)
    except ServerError as error:
        if error.status == 404:
            raise CommandError(f'couldn\'t find model "{name}" to stop') from None
        raise


def unload(client: Client, name: str) -> None:
    """Ask the server to unload a model, whether it is loaded or not.

    Raises:
        ServerError: with status 404 for a model that does not exist.
    """
    load(client, name, 0)


def load(client: Client, name: str, keep_alive: Any = None, think: Any = None) -> None:
    """Have the server load a model and keep it for `keep_alive` (as the API writes it; None: as long as usual)."""
    client.request("POST", "/api/show", {"model": name})
    request: dict[str, Any] = {"model": name}
    if keep_alive is not None:
        request["keep_alive"] = keep_alive
    if think is not None:
        request["think"] = think
    client.finish("/api/generate", request)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
