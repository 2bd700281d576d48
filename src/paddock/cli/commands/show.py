"""`show`: a description of a model as tables, or one of its texts."""

import sys

from paddock.cli.client import Client
from paddock.cli.errors import UsageError
from paddock.cli.terminal.model_description import describe

PARTS = ("license", "modelfile", "parameters", "system", "template")


def show(client: Client, name: str, parts: list[str], verbose: bool) -> None:
    """Print one part of a model (of `PARTS`), or a description of the model if `parts` is empty.

    Raises:
        UsageError: if `parts` has more than one item.
    """
    if len(parts) > 1:
        raise UsageError(
            "only one of '--license', '--modelfile', '--parameters', '--system', or '--template' can be specified"
        )
    info = client.request("POST", "/api/show", {"model": name, "verbose": verbose})
    if not parts:
        sys.stdout.write(describe(info, verbose))
        return
    text = info.get(parts[0]) or ""
    sys.stdout.write(text if parts[0] in ("system", "template") else f"{text}\n")
