"""Putting the finished model into the package: a models folder with one model, which Paddock finds beside its own."""

import shutil
import tempfile
from pathlib import Path

from paddock.library.bundle import PACKAGED
from paddock.library.create import Recipe, create
from paddock.library.modelfile import ingredients, parse
from paddock.library.names import ModelName
from paddock.library.store import Library

MODELFILE = Path(__file__).parent / "Modelfile"
NAME = "tiny"


def ship(gguf: Path, modelfile: Path = MODELFILE, packaged: Path = PACKAGED) -> Path:
    """Make the model of a GGUF file and a Modelfile, replace what the package holds by it, and return its folder."""
    wanted = ingredients(parse(modelfile.read_text("utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder) / "models")
        with library.blobs.writer() as writer, gguf.open("rb") as file:
            shutil.copyfileobj(file, writer)
            digest = writer.commit()
        recipe = Recipe(
            files={gguf.name: digest},
            template=wanted.template,
            system=wanted.system,
            licenses=wanted.licenses,
            parameters=wanted.parameters,
        )
        create(library, ModelName.parse(NAME), recipe, print)
        for part in ("manifests", "blobs"):
            shutil.rmtree(packaged / part, ignore_errors=True)
            shutil.copytree(library.folder / part, packaged / part)
    return packaged


def packaged(folder: Path = PACKAGED) -> Path:
    """Return the GGUF file of the packaged model."""
    return Library(folder / "none", folder).open(ModelName.parse(NAME)).model_path
