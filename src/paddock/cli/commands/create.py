"""`create`: reads a Modelfile, uploads the local files that it names, and has the server create the model."""

import hashlib
from pathlib import Path
from typing import Any

from paddock.cli.client import Client
from paddock.cli.commands.transfer import follow
from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import ProgressDisplay, open_progress
from paddock.library.create.local_files import local_model_files, unique_names
from paddock.library.modelfile import ModelfileFields, modelfile_fields, parse
from paddock.progress import Progress


def create(client: Client, name: str, modelfile: str | None, quantize: str) -> None:
    """Create the model `name` from a Modelfile.

    Without `modelfile`, the file is `Modelfile` in this folder; if there is none, the weights in this folder are used.

    Raises:
        CommandError: if the Modelfile or a file that it names cannot be read, or the server refuses the model.
    """
    client.ping()
    path = Path(modelfile or "Modelfile")
    with open_progress() as display:
        try:
            # A missing file gets the message of a folder without a model, because that is what Ollama looks for then.
            parsed = parse(path.read_bytes()) if path.exists() else None
            display.report(Progress("gathering model components"))
            if parsed is None and modelfile is not None:
                raise CommandError("no Modelfile or safetensors files found")
            fields = modelfile_fields(parsed) if parsed is not None else ModelfileFields(sources=["."])
            request = {"model": name} | _request_fields(fields) | ({"quantize": quantize} if quantize else {})
            _add_files(client, request, fields, path.parent, display)
        except OSError as error:
            raise CommandError(f"{error.filename or path}: {error.strerror}") from None
        except ValueError as error:
            raise CommandError(str(error)) from None
        follow(client, "/api/create", request, display)


def _request_fields(fields: ModelfileFields) -> dict[str, Any]:
    """Return the fields of the request that name no file."""
    if fields.draft:
        raise CommandError("DRAFT: models with a draft model cannot be created yet")
    request: dict[str, Any] = {
        "template": fields.template,
        "system": fields.system,
        "license": fields.licenses or None,
        "parameters": fields.parameters or None,
        "messages": fields.messages or None,
        "renderer": fields.renderer or None,
        "parser": fields.parser or None,
        "requires": fields.requires or None,
    }
    return {key: value for key, value in request.items() if value is not None}


def _add_files(
    client: Client, request: dict[str, Any], fields: ModelfileFields, folder: Path, display: ProgressDisplay
) -> None:
    """Add sources and adapters to `request`: a model by its name, local files by their digests. Upload these files."""
    weights: dict[str, Path] = {}
    for number, source in enumerate(fields.sources):
        files = local_model_files(source, folder)
        if files is None:
            request["from"] = source
        else:
            weights |= unique_names(weights, files, number)
    adapters: dict[str, Path] = {}
    for number, adapter in enumerate(fields.adapters):
        files = local_model_files(adapter, folder)
        if files is None:
            raise CommandError(f"ADAPTER {adapter}: there is no such file")
        adapters |= unique_names(adapters, files, number)
    digests = {path: _digest(path) for path in {*weights.values(), *adapters.values()}}
    for key, paths in (("files", weights), ("adapters", adapters)):
        if paths:
            request[key] = {file: digests[path] for file, path in paths.items()}
    for path, digest in digests.items():
        _upload(client, path, digest, display)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _upload(client: Client, path: Path, digest: str, display: ProgressDisplay) -> None:
    size = path.stat().st_size

    def report(done: int) -> None:
        display.copying(Progress(digest=digest, total=size, completed=done))

    if not client.has_blob(digest):
        report(0)
        with path.open("rb") as file:
            # The last byte counts only when the server has answered.
            client.upload_blob(digest, file, size, lambda sent: report(min(sent, size - 1)))
    report(size)
