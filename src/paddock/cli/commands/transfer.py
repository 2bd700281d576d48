"""`pull` and `push`: the server transfers the layers, and the command shows the progress."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from paddock.cli.client import Client
from paddock.cli.terminal.human import human_bytes
from paddock.cli.terminal.progress import ProgressDisplay, open_progress
from paddock.cli.terminal.tables import Table
from paddock.progress import Progress


def pull(client: Client, name: str, insecure: bool) -> None:
    """Have the server download a model from its registry."""
    with _resumable("pull", name), open_progress() as display:
        display.report(Progress("pulling manifest"))
        follow(client, "/api/pull", {"model": name, "insecure": insecure}, display)


def push(client: Client, name: str, insecure: bool) -> None:
    """Have the server upload a model to its registry."""
    with _resumable("push", name), open_progress() as display:
        display.report(Progress("retrieving manifest"))
        follow(client, "/api/push", {"model": name, "insecure": insecure}, display)


def print_plan(client: Client, name: str, insecure: bool) -> None:
    """Print a table of the layers that a pull would download, and how much of each is here already."""
    table = Table(["LAYER", "SIZE", "HERE"])
    total = here = 0
    request = {"model": name, "insecure": insecure, "dry_run": True}
    with closing(client.stream("/api/pull", request)) as messages:
        for message in messages:
            if digest := message.get("digest"):
                size, done = message.get("total", 0), message.get("completed", 0)
                table.add([digest[7:19], human_bytes(size), human_bytes(done)])
                total, here = total + size, here + done
    table.add(["total", human_bytes(total), human_bytes(here)])
    print(table.render(), end="")


def follow(client: Client, path: str, request: dict[str, Any], display: ProgressDisplay) -> None:
    """Send `request` and show the progress that the server streams back."""
    with closing(client.stream(path, request)) as messages:
        for message in messages:
            status, digest, total = message.get("status", ""), message.get("digest", ""), message.get("total", 0)
            if digest and total:
                status = status or f"pulling {digest[7:19]}"
                display.report(Progress(status, digest, total, message.get("completed", 0)))
            elif status:
                display.report(Progress(status))


@contextmanager
def _resumable(command: str, name: str) -> Iterator[None]:
    """Say after Ctrl-C that nothing is lost; the closed connection has told the server to stop."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nStopped. Run 'paddock {command} {name}' to resume.", file=sys.stderr)
        raise
