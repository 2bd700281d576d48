"""Pulls over a network on which everything goes wrong that may."""

import base64
import hashlib
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from paddock.library.store.library import Library
from paddock.registry import RegistryError
from paddock.registry.auth.credentials import Credentials, Login
from paddock.registry.retry import RetryPolicy
from paddock.registry.transfer.config import DownloadConfig, TransferConfig
from tests.registry.conftest import Machine
from tests.registry.fake import FakeRegistry
from tests.registry.faults import EVIL, KINDS, FaultProxy, fault_proxy
from tests.registry.transfer.test_docker_registry import COMMAND, HTPASSWD, docker_registry
from tests.registry.transfer.test_push import digest, make

RETRY = RetryPolicy(attempts=6, initial_backoff=0.01, max_backoff=0.1, connect_timeout=2, stall_timeout=0.3)
USUAL = TransferConfig(RETRY)
SMALL = replace(USUAL, download=DownloadConfig(min_segment=300_000, max_segment=300_000, write_bytes=1 << 16))
USER, PASSWORD = "ada", "s3cret"
SECRET = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real registry that wants a password, else the tests' own, which wants the same."""
    if COMMAND is None:
        fake = FakeRegistry()
        fake.storage, fake.password = False, f"{USER}:{PASSWORD}"
        yield fake.host
        fake.close()
        return
    folder = tmp_path_factory.mktemp("upstream")
    (folder / "htpasswd").write_text(HTPASSWD + "\n")
    with docker_registry(folder, f"auth: {{htpasswd: {{realm: team, path: {folder / 'htpasswd'}}}}}\n") as host:
        yield host


def known_at(machine: Machine, host: str) -> None:
    Credentials(machine.settings.folder).save(host, Login(USER, PASSWORD))


def pushed(folder: Path, host: str, name: str, size: int) -> bytes:
    """Bring a model with weights of `size` bytes to the registry; return them."""
    weights = random.Random(size).randbytes(size)
    machine = Machine(Library(folder / "models"), USUAL)
    known_at(machine, host)
    machine.push(str(make(machine.library, f"{host}/{name}", weights)))
    shutil.rmtree(folder)
    return weights


def one_pull(folder: Path, proxy: FaultProxy, weights: bytes, likely: float, config: TransferConfig) -> str:
    """Pull under faults into a new library, and look at it; if that ended with an error, once more without faults."""
    machine = Machine(Library(folder / "models"), config)
    known_at(machine, proxy.host)
    name = f"{proxy.host}/team/m"
    proxy.likely = likely
    result = "exact"
    try:
        machine.pull(name)
    except RegistryError as error:
        result = "error"
        assert str(error).strip() and PASSWORD not in str(error)
        assert list(machine.library.manifests.names()) == []
    assert machine.damage() == []
    proxy.likely = 0
    if result == "error":
        machine.pull(name)
    assert hashlib.sha256(machine.blob(digest(weights))).digest() == hashlib.sha256(weights).digest()
    assert machine.damage() == []
    assert not [path for path in folder.rglob("*") if Path(EVIL).name in path.name]
    shutil.rmtree(folder)
    return result


def pulls(
    folder: Path, upstream: str, count: int, size: int, likely: float, seed: int, config: TransferConfig = USUAL
) -> Counter[str]:
    """Many of them; how they ended, and how often each fault came."""
    weights = pushed(folder / "push", upstream, "team/m", size)
    with fault_proxy(upstream, seed) as proxy:
        proxy.credentials = SECRET
        results = Counter(one_pull(folder / str(number), proxy, weights, likely, config) for number in range(count))
        assert not [headers for headers in proxy.seen if {"Authorization", "Cookie"} & headers.keys()]
        print(f"{count} pulls of {size / 1e6:.0f} MB: {dict(results)}; faults {proxy.counts}")
        results.update({kind: number for kind, number in proxy.counts.items() if number})
    return results


@pytest.mark.parametrize("kind", KINDS)
def test_each_fault_alone(upstream: str, tmp_path: Path, kind: str) -> None:
    weights = pushed(tmp_path / "push", upstream, "team/m", 2_000_000)
    with fault_proxy(upstream, 1) as proxy:
        proxy.kinds, proxy.credentials = (kind,), SECRET
        likely = 0.3 if "digest" not in kind else 1
        one_pull(tmp_path / "pull", proxy, weights, likely, SMALL)
        assert proxy.counts[kind]
        assert bool(proxy.seen) == (kind == "redirect")
        assert not [headers for headers in proxy.seen if {"Authorization", "Cookie"} & headers.keys()]


def test_twelve_pulls_end_bit_exact_or_with_an_error(upstream: str, tmp_path: Path) -> None:
    results = pulls(tmp_path, upstream, 12, 2_000_000, 0.3, seed=5, config=SMALL)
    assert results["exact"] + results["error"] == 12 and results["exact"] >= 3


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_two_hundred_pulls_end_bit_exact_or_with_an_error(upstream: str, tmp_path: Path) -> None:
    """The sizes of ranges are those of everyday use."""
    small = pulls(tmp_path / "small", upstream, 190, 20_000_000, 0.25, seed=6)
    assert small["exact"] + small["error"] == 190 and small["exact"] >= 90
    assert all(small[kind] for kind in KINDS)
    large = pulls(tmp_path / "large", upstream, 10, 200_000_000, 0.15, seed=7)
    assert large["exact"] + large["error"] == 10
