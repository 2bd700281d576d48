"""Load and unload models through the API."""

from typing import Any

from paddock.cli.client import Client


def load(client: Client, name: str, keep_alive: str | int | None = None, think: bool | str | None = None) -> None:
    """Have the server load a model, and wait until it has.

    `keep_alive` is a duration as the API takes it; None stands for the server's default. `think` is sent along, so
    that a model that cannot think is refused now and not at the first message.

    Raises:
        ServerError: with status 404 if the model does not exist.
    """
    client.request("POST", "/api/show", {"model": name})
    request: dict[str, Any] = {"model": name}
    if keep_alive is not None:
        request["keep_alive"] = keep_alive
    if think is not None:
        request["think"] = think
    client.drain("/api/generate", request)


def unload(client: Client, name: str) -> None:
    """Have the server unload a model, whether it is loaded or not.

    Raises:
        ServerError: with status 404 if the model does not exist.
    """
    load(client, name, keep_alive=0)
