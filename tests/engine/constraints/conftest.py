"""The small model that tests of constraints share."""

from collections.abc import Iterator

import pytest

from tests.engine.constraints.writer import Writer
from tests.models.llama import tiny_llama


@pytest.fixture(scope="session")
def writer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Writer]:
    made = Writer(tiny_llama(tmp_path_factory.mktemp("constraints") / "tiny.gguf"))
    yield made
    made.close()
