from collections.abc import Iterator

import pytest

from tests.cli.conftest import Paddock
from tests.registry.fake import FakeRegistry, fake_registry
from tests.registry.transfer.test_push import MODEL, TEMPLATE


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        registry.add("team/m", "latest", MODEL, TEMPLATE)
        yield registry


def test_a_model_is_exported_to_a_file_and_imported_under_another_name(paddock: Paddock, fake: FakeRegistry) -> None:
    name = f"{fake.host}/team/m"
    paddock.run("pull", name)
    exported = paddock.run("export", name, "m.tar")
    assert exported.exit == 0, exported.stderr
    assert sorted(p.name for p in paddock.home.glob("*m.tar*")) == ["m.tar"]
    paddock.run("rm", name)
    imported = paddock.run("import", "m.tar", "renamed")
    assert (imported.exit, imported.stdout) == (0, "imported renamed:latest\n")
    assert "renamed:latest" in paddock.run("list").stdout
    (paddock.home / "bad.tar").write_bytes((paddock.home / "m.tar").read_bytes()[:100_000])
    bad = paddock.run("import", "bad.tar", "bad")
    assert bad.exit == 1 and "it is cut off" in bad.stderr
    assert paddock.run("export", "none", "none.tar").stderr == "Error: model 'none:latest' not found\n"
    assert paddock.run("import", "nowhere.tar").stderr == "Error: nowhere.tar: No such file or directory\n"
    assert not (paddock.home / "none.tar").exists()


def test_an_export_to_a_missing_folder_names_the_file(paddock: Paddock, fake: FakeRegistry) -> None:
    paddock.run("pull", f"{fake.host}/team/m")
    done = paddock.run("export", f"{fake.host}/team/m", "nowhere/m.tar")
    assert (done.exit, done.stderr.strip()) == (1, "Error: nowhere/m.tar: No such file or directory")
