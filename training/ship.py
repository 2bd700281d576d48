"""Putting a finished model into the package: a models folder of its own, which Paddock finds beside the user's."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.modelfile import modelfile_fields, parse
from paddock.library.names import ModelName
from paddock.library.store.bundle import BUNDLED_MODELS
from paddock.library.store.library import Library

MODELFILE = Path(__file__).parent / "Modelfile"
NAME = "tiny"


def ship(ggufs: Sequence[Path], modelfile: Path = MODELFILE, name: str = NAME, packaged: Path = BUNDLED_MODELS) -> Path:
    """Make the model `name` of GGUF files and what else a Modelfile says, and put it in place of the package's.

    The package's other models stay. Returns its folder.
    """
    wanted = modelfile_fields(parse(modelfile.read_text("utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder) / "models")
        shutil.copytree(packaged, library.folder, dirs_exist_ok=True)
        if library.has(ModelName.parse(name)):
            library.delete(ModelName.parse(name))
        spec = ModelSpec(
            files={gguf.name: _added(library, gguf) for gguf in ggufs},
            template=wanted.template,
            system=wanted.system,
            licenses=wanted.licenses,
            parameters=wanted.parameters,
        )
        create(library, ModelName.parse(name), spec, print)
        for part in ("manifests", "blobs"):
            shutil.rmtree(packaged / part, ignore_errors=True)
            shutil.copytree(library.folder / part, packaged / part)
    return packaged


def packaged(folder: Path = BUNDLED_MODELS) -> Path:
    """Return the GGUF file of the packaged model."""
    return Library(folder / "none", folder).open(ModelName.parse(NAME)).model_path


def _added(library: Library, gguf: Path) -> str:
    with library.blobs.writer() as writer, gguf.open("rb") as file:
        shutil.copyfileobj(file, writer)
        return writer.commit()
