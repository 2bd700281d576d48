"""A fake registry, a library, and what pulls from the one into the other."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddock.library.names import ModelName
from paddock.library.store.library import Library
from paddock.progress import Progress
from paddock.registry import Registry
from paddock.registry.retry import RetryPolicy
from paddock.registry.transfer.config import DownloadConfig, TransferConfig, UploadConfig
from paddock.settings import Settings
from tests.registry.fake import FakeRegistry, fake_registry

FAST_RETRY = RetryPolicy(attempts=4, initial_backoff=0.01, max_backoff=0.05, connect_timeout=2, stall_timeout=0.4)
SMALL = TransferConfig(
    FAST_RETRY,
    DownloadConfig(min_segment=400_000, max_segment=400_000, write_bytes=1 << 16),
    UploadConfig(max_chunk=1_000_000, min_chunk=100_000, read_bytes=1 << 16, chunk_seconds=1000),
)
"""Segments and chunks so small that a layer of some megabytes has several."""


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        yield registry


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "models")


async def until(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    for _ in range(5000):
        if condition():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("it did not happen in time")


class Machine:
    """A library and what is said while models come and go."""

    def __init__(self, library: Library, config: TransferConfig = SMALL, **settings: object) -> None:
        self.library = library
        self.settings = Settings(models=library.folder, folder=library.folder.parent / "home", **settings)  # type: ignore[arg-type]
        self.config = config
        self.lines: list[Progress] = []

    def registry(self) -> Registry:
        return Registry(self.library, self.settings, config=self.config)

    def pull(self, name: str, **options: bool) -> list[Progress]:
        return self._do("pull", name, options)

    def push(self, name: str, **options: bool) -> list[Progress]:
        return self._do("push", name, options)

    def _do(self, what: str, name: str, options: dict[str, bool]) -> list[Progress]:
        self.lines = []
        work = getattr(self.registry(), what)
        asyncio.run(work(ModelName.parse(name), self.lines.append, **options))
        return self.lines

    def blob(self, digest: str) -> bytes:
        return self.library.blobs.path(digest).read_bytes()

    def damage(self) -> list[str]:
        """The blobs whose content is not what their names say, and manifests that lack a blob."""
        import hashlib

        wrong = []
        for path in self.library.blobs.folder.glob("sha256-*"):
            if path.name != f"sha256-{hashlib.sha256(path.read_bytes()).hexdigest()}":
                wrong.append(path.name)
        for stored in self.library.manifests.all():
            wrong += [f"{stored.name}: {d}" for d in stored.manifest.digests() if not self.library.blobs.exists(d)]
        return wrong


@pytest.fixture
def machine(library: Library) -> Machine:
    return Machine(library)
