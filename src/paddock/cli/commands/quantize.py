"""`quantize`: makes a smaller GGUF file of a large one, without a server."""

from pathlib import Path

from paddock.cli.errors import CommandError
from paddock.cli.terminal.progress import open_progress
from paddock.gguf import GgufError, GgufHeader, read_header
from paddock.library.create.quantize import quantization_type, quantize_file, source_type
from paddock.library.create.shards import Shard, ordered_shards, shard_count, shard_names
from paddock.library.errors import LibraryError
from paddock.library.store.files import drop_temporary, open_temporary, put_in_place


def quantize(source: Path, target: Path, kind: str) -> None:
    """Write the model `source` as `target`, quantized to `kind`; an older file is replaced at the end.

    Of a model in several files any may be named; the others lie beside it.

    Raises:
        CommandError: if that cannot be.
    """
    if target.is_dir():
        raise CommandError(f"{target} is a folder: name the file to write")
    if not target.absolute().parent.is_dir():
        raise CommandError(f"{target.parent} is no folder")
    try:
        kind = quantization_type(kind)
        parts = _parts(source)
        if any(target.exists() and target.samefile(path) for path, _ in parts):
            raise CommandError(f"{target} is the file to read: name another to write")
        heads = [head for _, head in parts]
        before = source_type(heads[0])
        label = f"writing {target.name}"
        with open_progress() as progress:
            progress.status(f"quantizing {before} model to {kind}")
            file, temporary = open_temporary(target.absolute().parent)
            try:
                quantize_file(
                    parts[0][0],
                    temporary,
                    kind,
                    lambda now: progress.transfer(label, label, now.completed, now.total),
                    heads,
                )
                put_in_place(file, temporary, target.absolute())
            finally:
                drop_temporary(file, temporary)
            progress.status("success")
    except (LibraryError, GgufError) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or target}: {error.strerror or error}") from None


def _parts(source: Path) -> list[tuple[Path, GgufHeader]]:
    head = read_header(source)
    if shard_count(head) == 1:
        return [(source, head)]
    beside = [source.with_name(name) for name in shard_names(source.name)] or [source]
    found = [Shard(path.name, path, read_header(path)) for path in beside if path.is_file()]
    return [(part.path, part.gguf) for part in ordered_shards(found)]
