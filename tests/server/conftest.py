"""The server that the tests of this folder share, and its models."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import QUESTION, SKY, Continuation
from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest

GREEDY = {"temperature": 0, "num_predict": 24}


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF with random weights."""
    return tiny_llama(tmp_path_factory.mktemp("gguf") / "tiny.gguf")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, tiny: Path) -> Iterator[ServerUnderTest]:
    """A server with the model `tiny`. Tests leave its models as they found them."""
    with ServerUnderTest(tmp_path_factory.mktemp("server")) as server:
        server.import_gguf("tiny", tiny, template="{{ .Prompt }}", parameters=GREEDY)
        yield server


@pytest.fixture(scope="session")
def packaged_server(server: ServerUnderTest, packaged: Path) -> ServerUnderTest:
    """The server with the model `packaged`: the packaged model, which generates sensible text."""
    template = QUESTION.replace(SKY, "{{ .System }}{{ .Prompt }}")
    server.import_gguf("packaged", packaged, template=template, parameters={"temperature": 0, "num_predict": 60})
    return server


@pytest.fixture(scope="session")
def answer(continued: Callable[[str], Continuation]) -> Continuation:
    """The answer of `packaged` to `SKY`."""
    return continued(QUESTION)
