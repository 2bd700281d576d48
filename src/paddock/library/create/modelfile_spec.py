"""The specification that a Modelfile sent over HTTP describes; the files that it names become blobs."""

from collections.abc import Callable, Mapping
from pathlib import Path

from paddock.library.create.local_files import local_model_files, unique_names
from paddock.library.create.model_spec import InvalidModelSpec, ModelSpec
from paddock.library.errors import NotImplementedYet
from paddock.library.modelfile import modelfile_fields, parse
from paddock.library.names import ModelName
from paddock.library.store.blobs import InvalidDigest, parse_digest
from paddock.library.store.library import Library


def spec_from_modelfile(
    library: Library, modelfile: str | bytes, local: Path | None = None, check: Callable[[], None] = lambda: None
) -> ModelSpec:
    """Return the specification that a Modelfile describes, as in Ollama's API of 2024.

    FROM and ADAPTER take `@sha256:<hex>` or a path inside the library's own blobs folder; FROM takes the name of a
    model, too. No other file of this machine is read unless `local` is given.

    Args:
        local: allow FROM and ADAPTER to name any file or folder of this machine, which is copied into the library;
            relative paths begin in this folder.
        check: called many times in a second while files are copied; what it raises ends the work.

    Raises:
        ModelfileError: if the text is not a Modelfile.
        InvalidOption, InvalidName, InvalidDigest, InvalidModelSpec, NoModelFiles: if a value in it is wrong.
        NotImplementedYet: if it names a draft model.
        OSError: if the disk is too full.
    """
    fields = modelfile_fields(parse(modelfile))
    if fields.draft:
        raise NotImplementedYet("draft models are not built yet")
    base = ""
    files: dict[str, str] = {}
    adapters: dict[str, str] = {}
    for number, source in enumerate(fields.sources):
        found = _own_blob(library, source)
        local_files = local_model_files(source, local) if local is not None and not found else None
        if found:
            files |= found
        elif local_files is not None:
            files |= _copied(library, unique_names(files, local_files, number), check)
        elif base:
            raise InvalidModelSpec("a model can be made from one other model only")
        else:
            ModelName.parse(source)
            base = source
    for number, source in enumerate(fields.adapters):
        found = _own_blob(library, source)
        local_files = local_model_files(source, local) if local is not None and not found else None
        if local_files is not None:
            found = _copied(library, unique_names(adapters, local_files, number), check)
        if not found:
            raise InvalidModelSpec(f"ADAPTER {source}: upload the file and name it as @sha256:…")
        adapters |= found
    return ModelSpec(
        base=base,
        files=files,
        adapters=adapters,
        template=fields.template,
        system=fields.system,
        licenses=fields.licenses,
        parameters=fields.parameters,
        messages=list(fields.messages),
        renderer=fields.renderer,
        parser=fields.parser,
        requires=fields.requires,
        older=True,
    )


def _own_blob(library: Library, source: str) -> dict[str, str]:
    """Return the blob of the library that `source` names by its digest or path (name → digest); {} if it names none."""
    path, folder = Path(source), library.blobs.folder
    digest = ""
    if source.startswith("@"):
        digest = parse_digest(source[1:])
    elif path.is_absolute() and ".." not in path.parts and path.parent in (folder, folder.resolve()):
        try:
            digest = parse_digest(path.name)
        except InvalidDigest:
            return {}
    return {digest.replace(":", "-"): digest} if digest else {}


def _copied(library: Library, files: Mapping[str, Path], check: Callable[[], None]) -> dict[str, str]:
    """Copy files of this machine into the library as claimed blobs; return their digests by name."""
    digests = {}
    for name, path in files.items():
        try:
            file = path.open("rb")
        except OSError as error:
            raise InvalidModelSpec(f"{path}: {error.strerror}") from None
        with file, library.blobs.writer() as writer:
            while piece := file.read(1 << 20):
                writer.write(piece)
                check()
            digests[name] = writer.commit()
    return digests
