import asyncio
import shutil

import pytest

from paddock.library.names import ModelName
from paddock.progress import Progress
from paddock.registry import RegistryError
from tests.registry.conftest import Machine, until
from tests.registry.contents import MODEL, TEMPLATE, digest, is_blob
from tests.registry.fake import FakeRegistry, Fault, fake_registry


def test_a_layer_that_two_pulls_need_is_downloaded_once_and_both_report_it(
    fake: FakeRegistry, machine: Machine
) -> None:
    fake.pause = 0.06
    fake.add("team/a", "latest", MODEL)
    fake.add("team/b", "latest", MODEL, TEMPLATE)

    async def both() -> tuple[list[Progress], list[Progress]]:
        registry = machine.registry()
        first: list[Progress] = []
        second: list[Progress] = []
        await asyncio.gather(
            registry.pull(ModelName.parse(f"{fake.host}/team/a"), first.append),
            registry.pull(ModelName.parse(f"{fake.host}/team/b"), second.append),
        )
        return first, second

    for lines in asyncio.run(both()):
        seen = [line.completed for line in lines if line.digest == digest(MODEL)]
        assert seen[-1] == len(MODEL) and len(set(seen)) > 2
    repositories = {a.path.split("/blobs/")[0] for a in fake.of("GET", digest(MODEL), "registry")}
    assert len(repositories) == 1


def test_who_gives_up_does_not_stop_the_download_for_the_other(fake: FakeRegistry, machine: Machine) -> None:
    fake.pause = 0.05
    fake.add("team/m", "latest", MODEL)
    name = ModelName.parse(f"{fake.host}/team/m")

    async def two() -> None:
        registry = machine.registry()
        lines: list[Progress] = []
        first = asyncio.create_task(registry.pull(name, lines.append))
        await until(lambda: any(line.completed for line in lines))
        second = asyncio.create_task(registry.pull(name, lines.append))
        await asyncio.sleep(0.05)
        first.cancel()
        await second
        assert first.cancelled() or isinstance(first.exception(), asyncio.CancelledError)

    asyncio.run(two())
    assert machine.blob(digest(MODEL)) == MODEL
    starts = [a.headers["Range"] for a in fake.of("GET", digest(MODEL), "storage")]
    assert starts.count("bytes=0-399999") == 1


def test_if_the_first_one_s_registry_fails_the_second_one_s_is_asked(machine: Machine) -> None:
    with fake_registry() as good, fake_registry() as bad:
        for fake in (good, bad):
            fake.add("team/m", "latest", MODEL)
        bad.fault = lambda request: Fault(status=500) if is_blob(request) else None

        async def both() -> list[BaseException | None]:
            registry = machine.registry()
            names = [ModelName.parse(f"{fake.host}/team/m") for fake in (bad, good)]
            tasks = []
            for name in names:
                tasks.append(registry.pull(name, lambda line: None))
                await asyncio.sleep(0)
            return await asyncio.gather(*tasks, return_exceptions=True)

        results = asyncio.run(both())
        assert results[1] is None
        assert machine.blob(digest(MODEL)) == MODEL


def test_the_space_that_other_pulls_will_need_is_not_counted_as_free(
    fake: FakeRegistry, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = bytes(2_000_000)
    fake.pause = 0.1
    fake.add("team/a", "latest", MODEL)
    fake.add("team/b", "latest", other)
    usage = shutil.disk_usage(machine.library.folder.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=4_000_000))

    async def both() -> None:
        registry = machine.registry()
        first = asyncio.create_task(registry.pull(ModelName.parse(f"{fake.host}/team/a"), lambda line: None))
        await until(lambda: bool(fake.of("GET", digest(MODEL), "storage")))
        with pytest.raises(RegistryError, match="not enough space"):
            await registry.pull(ModelName.parse(f"{fake.host}/team/b"), lambda line: None)
        first.cancel()
        await asyncio.wait((first,))

    asyncio.run(both())
