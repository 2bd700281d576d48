from pathlib import Path

import pytest

from paddock.library.store.library import Library
from paddock.service.models import ModelService
from paddock.settings import Settings
from tests.models.llama import tiny_llama
from tests.workers.in_this_process import InThisProcess


@pytest.fixture
def models(tmp_path: Path) -> ModelService:
    return ModelService(Library(tmp_path / "models"), Settings(models=tmp_path / "models"), InThisProcess())


@pytest.fixture
def weights(models: ModelService, tmp_path: Path) -> str:
    return models.library.blobs.put(tiny_llama(tmp_path / "x.gguf", layers=1).read_bytes())[0]
