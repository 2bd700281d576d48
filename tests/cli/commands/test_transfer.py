import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Paddock
from tests.registry.fake import FakeRegistry, fake_registry
from tests.registry.transfer.test_push import MODEL, TEMPLATE, digest


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        registry.add("team/m", "latest", MODEL, TEMPLATE)
        yield registry


def test_a_pull_without_a_terminal_prints_each_step_and_layer_once(paddock: Paddock, fake: FakeRegistry) -> None:
    done = paddock.run("pull", f"{fake.host}/team/m")
    lines = done.stderr.splitlines()
    assert (done.exit, done.stdout) == (0, "")
    assert lines[0] == "pulling manifest " and lines[-1] == "success "
    assert lines.count(f"pulling {digest(MODEL)[7:19]}: 100% 3 MB ") == 1
    assert (paddock.models / "blobs" / digest(MODEL).replace(":", "-")).read_bytes() == MODEL


def test_a_dry_run_prints_sizes_and_downloads_nothing(paddock: Paddock, fake: FakeRegistry) -> None:
    fake.add("team/dry", "latest", b"d" * 2_000_000, config=b'{"a": 1}')
    done = paddock.run("pull", "--dry-run", f"{fake.host}/team/dry")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["LAYER", "SIZE", "HERE"]
    assert rows[1] == [digest(b"d" * 2_000_000)[7:19], "2", "MB", "0", "B"]
    assert rows[-1] == ["total", "2.0", "MB", "0", "B"]
    assert done.exit == 0 and not fake.of("GET", "/blobs/")


def test_a_push_uploads_the_model_and_a_missing_one_is_an_error(paddock: Paddock, fake: FakeRegistry) -> None:
    paddock.run("pull", f"{fake.host}/team/m")
    paddock.run("cp", f"{fake.host}/team/m", f"{fake.host}/team/copy")
    done = paddock.run("push", f"{fake.host}/team/copy")
    assert done.exit == 0 and done.stderr.splitlines()[-1] == "success "
    assert fake.manifests["team/copy:latest"] == fake.manifests["team/m:latest"]
    missing = paddock.run("push", f"{fake.host}/team/none")
    assert missing.exit == 1 and "no such file or directory" in missing.stderr


def test_run_pulls_a_missing_model(paddock: Paddock, fake: FakeRegistry) -> None:
    done = paddock.run("run", f"{fake.host}/team/none", "hello")
    assert done.exit == 1
    assert done.stderr.endswith("Error: pull model manifest: file does not exist\n")


def test_ctrl_c_stops_a_pull_and_tells_how_to_resume(paddock: Paddock, fake: FakeRegistry) -> None:
    fake.add("team/slow", "latest", b"s" * 3_000_000)
    fake.pause = 0.1
    name = f"{fake.host}/team/slow"
    process = subprocess.Popen(
        [sys.executable, "-m", "paddock", "pull", name],
        env=paddock.environment,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    end = time.monotonic() + 10
    while not fake.of("GET", "/blobs/") and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=10)
    assert process.returncode == 130
    assert f"Stopped. Run 'paddock pull {name}' to resume.".encode() in error
    assert b"Traceback" not in error
