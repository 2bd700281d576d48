from pathlib import Path

import pytest

from paddock.library.create.create import create
from paddock.library.create.model_spec import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.library import Library
from tests.models.llama import tiny_llama


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


@pytest.fixture
def weights(library: Library, tmp_path: Path) -> str:
    return library.blobs.put(tiny_llama(tmp_path / "x.gguf", layers=1).read_bytes())[0]


def make(library: Library, name: str, spec: ModelSpec) -> list[str]:
    statuses: list[str] = []
    create(library, ModelName.parse(name), spec, lambda progress: statuses.append(progress.status))
    return statuses
