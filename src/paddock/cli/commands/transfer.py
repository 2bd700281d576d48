"""`pull` and `push`: the server moves the layers, this shows how far it is."""

import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from paddock.cli.client import Client
from paddock.cli.terminal.human import human_bytes
from paddock.cli.terminal.progress import Progress, open_progress
from paddock.cli.terminal.tables import Table


def pull(client: Client, name: str, insecure: bool) -> None:
    """Have the server fetch a model from its registry."""
    with _resumable("pull", name), open_progress() as progress:
        progress.status("pulling manifest")
        follow(client, "/api/pull", {"model": name, "insecure": insecure}, progress)


def push(client: Client, name: str, insecure: bool) -> None:
    """Have the server send a model to its registry."""
    with _resumable("push", name), open_progress() as progress:
        progress.status("retrieving manifest")
        follow(client, "/api/push", {"model": name, "insecure": insecure}, progress)


def plan(client: Client, name: str, insecure: bool) -> None:
    """Show what a pull would fetch, and how much of it is here."""
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


def follow(client: Client, path: str, request: dict[str, Any], progress: Progress) -> None:
    """Send `request` and report the status lines that come back."""
    with closing(client.stream(path, request)) as messages:
        for message in messages:
            status, digest, total = message.get("status", ""), message.get("digest", ""), message.get("total", 0)
            if digest and total:
                label = status or f"pulling {digest[7:19]}"
                # What is being made has zeros for a digest, whatever it is: each has its bar.
                key = digest if digest.strip("0") else label
                progress.transfer(label, key, message.get("completed", 0), total)
            elif status:
                progress.status(status)


@contextmanager
def _resumable(command: str, name: str) -> Iterator[None]:
    """Say after Ctrl-C that nothing is lost; the closed connection has told the server to stop."""
    try:
        yield
    except KeyboardInterrupt:
        print(f"\nStopped. 'paddock {command} {name}' goes on where it was.", file=sys.stderr)
        raise
