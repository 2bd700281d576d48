"""What the tests share: where things lie, and the model of the package."""

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType

import llama_cpp
import pytest
from hypothesis import settings

from paddock.library.store.bundle import BUNDLED_MODELS

# The same examples everywhere, however long each takes: a verdict depends neither on chance nor on the machine.
# `pytest --hypothesis-profile=searching` looks for others; `make quick` takes few.
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.register_profile("searching", deadline=None, derandomize=False, max_examples=500)
settings.register_profile("quick", settings.get_profile("steady"), max_examples=10)
settings.load_profile("steady")

MODEL_MODULES = (
    "llama_cpp",
    "multiprocessing",
    "paddock.engine.binding",
    "paddock.workers.pool",
    "paddock.workers.process",
    "subprocess",
    "tests.engine.runners",
    "tests.registry.fake",
    "tests.server.servers",
)
"""A test module, or that of a fixture, which has a name from one of these loads a model or starts a process."""

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
STORIES = SHARED / "models" / "stories260K.gguf"

SKY = "Why is the sky blue?"

QUESTION = f"<|user|>{SKY}<|end|><|assistant|>"
"""The question as the prompt of the packaged model has it."""


@dataclass(frozen=True)
class Continuation:
    """What follows a prompt, token by token, and whether the model ended it itself."""

    prompt_tokens: int
    tokens: tuple[str, ...]
    ended: bool

    @property
    def text(self) -> str:
        return "".join(self.tokens)


@pytest.fixture(scope="session")
def packaged() -> Path:
    """The GGUF file of `tiny`, the model that comes with the package."""
    return max((BUNDLED_MODELS / "blobs").iterdir(), key=lambda blob: blob.stat().st_size)


@pytest.fixture(scope="session")
def continued(packaged: Path) -> Callable[[str], Continuation]:
    """What llama.cpp by itself, without any of our code, continues a prompt with: always the likeliest token."""
    model = llama_cpp.Llama(str(packaged), n_ctx=512, n_threads=1, n_threads_batch=1, verbose=False)

    def go_on(prompt: str) -> Continuation:
        model.reset()
        given = model.tokenize(prompt.encode(), add_bos=True, special=True)
        pieces: list[str] = []
        for token in model.generate(given, temp=0.0):
            if token == model.token_eos() or len(pieces) == 60:
                return Continuation(len(given), tuple(pieces), token == model.token_eos())
            pieces.append(model.detokenize([token], prev_tokens=given).decode())
        raise AssertionError("it generates for ever")

    return go_on


@pytest.fixture(scope="session")
def stories() -> Path:
    """The model that replies were recorded with."""
    if not STORIES.exists():
        pytest.skip("stories260K.gguf is not here")
    return STORIES


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that load a model or start a server, themselves or in a fixture: `make quick` leaves them out.

    A machine that has much else to do may hold up a process for seconds. So such a test fails only if it fails twice;
    the summary lists those that were run again.
    """
    for item in items:
        assert isinstance(item, pytest.Function)
        definitions = [d for found in item._fixtureinfo.name2fixturedefs.values() for d in found]
        modules = {item.module.__name__, *(d.func.__module__ for d in definitions)}
        if any(reaches_a_model(name) for name in modules):
            item.add_marker("model")
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_collection_finish() -> None:
    """Let the garbage collector leave alone the thousands of tests, which live until the end."""
    gc.freeze()


@cache
def reaches_a_model(name: str) -> bool:
    """Return whether a module has a name from one of `MODEL_MODULES`."""
    found = vars(sys.modules[name]).values() if name in sys.modules else ()
    origins = {value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "") for value in found}
    return any(f"{origin}.".startswith(f"{module}.") for origin in origins for module in MODEL_MODULES)
