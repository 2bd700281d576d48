"""`create`: reads a Modelfile, sends the files it names to the server, and has the model made there."""

import hashlib
from pathlib import Path
from typing import Any

from paddock.cli.client import Client
from paddock.cli.commands.transfer import follow
from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import Progress, open_progress
from paddock.library.local_files import local_model_files, unique_names
from paddock.library.modelfile import ModelfileFields, modelfile_fields, parse


def create(client: Client, name: str, modelfile: str | None, quantize: str) -> None:
    """Make the model `name` from a Modelfile, by default the one in this folder, else from this folder's weights."""
    client.check()
    path = Path(modelfile or "Modelfile")
    with open_progress() as progress:
        try:
            # A missing file is reported like a folder without a model, which is what Ollama looks for then.
            recipe = parse(path.read_bytes()) if path.exists() else None
            progress.status("gathering model components")
            if recipe is None and modelfile is not None:
                raise CommandError("no Modelfile or safetensors files found")
            wanted = modelfile_fields(recipe) if recipe is not None else ModelfileFields(sources=["."])
            request = {"model": name} | _texts(wanted) | ({"quantize": quantize} if quantize else {})
            _add_files(client, request, wanted, path.parent, progress)
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror}") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        follow(client, "/api/create", request, progress)


def _texts(wanted: ModelfileFields) -> dict[str, Any]:
    if wanted.draft:
        raise CommandError("DRAFT: models with a draft model cannot be created yet")
    fields: dict[str, Any] = {
        "template": wanted.template,
        "system": wanted.system,
        "license": wanted.licenses or None,
        "parameters": wanted.parameters or None,
        "messages": wanted.messages or None,
        "renderer": wanted.renderer or None,
        "parser": wanted.parser or None,
        "requires": wanted.requires or None,
    }
    return {key: value for key, value in fields.items() if value is not None}


def _add_files(
    client: Client, request: dict[str, Any], wanted: ModelfileFields, folder: Path, progress: Progress
) -> None:
    """Put the model's source into `request`: names of models as they are, local files by their digests, sent before."""
    weights: dict[str, Path] = {}
    for number, source in enumerate(wanted.sources):
        found = local_model_files(source, folder)
        if found is None:
            request["from"] = source
        else:
            weights |= unique_names(weights, found, number)
    adapters: dict[str, Path] = {}
    for number, adapter in enumerate(wanted.adapters):
        found = local_model_files(adapter, folder)
        if found is None:
            raise CommandError(f"ADAPTER {adapter}: there is no such file")
        adapters |= unique_names(adapters, found, number)
    digests = {path: _digest(path) for path in {*weights.values(), *adapters.values()}}
    for key, files in (("files", weights), ("adapters", adapters)):
        if files:
            request[key] = {file: digests[path] for file, path in files.items()}
    for path, digest in digests.items():
        _send(client, path, digest, progress)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _send(client: Client, path: Path, digest: str, progress: Progress) -> None:
    size = path.stat().st_size
    if not client.has_blob(digest):
        progress.copying(digest, 0, size)
        with path.open("rb") as file:
            client.upload_blob(digest, file, size, lambda sent: progress.copying(digest, min(sent, size - 1), size))
    progress.copying(digest, size, size)
