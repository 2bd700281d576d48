"""`pull` and `push`: the server moves the layers, this shows how far it is."""

from contextlib import closing
from typing import Any

from paddock.cli.client import Client
from paddock.cli.progress import Progress, open_progress


def pull(client: Client, name: str, insecure: bool) -> None:
    """Have the server fetch a model from its registry."""
    with open_progress() as progress:
        progress.status("pulling manifest")
        follow(client, "/api/pull", {"model": name, "insecure": insecure}, progress)


def push(client: Client, name: str, insecure: bool) -> None:
    """Have the server send a model to its registry."""
    with open_progress() as progress:
        progress.status("retrieving manifest")
        follow(client, "/api/push", {"model": name, "insecure": insecure}, progress)


def follow(client: Client, path: str, request: dict[str, Any], progress: Progress) -> None:
    """Send `request` and report the status lines that come back."""
    with closing(client.stream(path, request)) as messages:
        for message in messages:
            status, digest, total = message.get("status", ""), message.get("digest", ""), message.get("total", 0)
            if digest and total:
                progress.transfer(status or f"pulling {digest[7:19]}", digest, message.get("completed", 0), total)
            elif status:
                progress.status(status)
