import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Paddock
from tests.registry.fake import FakeRegistry, fake_registry
from tests.registry.transfer.test_push import MODEL, TEMPLATE, digest

NO_KEYRING = "keyring.backends.null.Keyring"


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        registry.add("team/m", "latest", MODEL, TEMPLATE)
        yield registry


def test_a_pull_that_is_not_at_a_terminal_says_each_step_and_layer_once(paddock: Paddock, fake: FakeRegistry) -> None:
    done = paddock.run("pull", f"{fake.host}/team/m")
    lines = done.stderr.splitlines()
    assert (done.exit, done.stdout) == (0, "")
    assert lines[0] == "pulling manifest " and lines[-1] == "success "
    assert lines.count(f"pulling {digest(MODEL)[7:19]}: 100% 3 MB ") == 1
    assert (paddock.models / "blobs" / digest(MODEL).replace(":", "-")).read_bytes() == MODEL


def test_a_dry_run_prints_sizes(paddock: Paddock, fake: FakeRegistry) -> None:
    fake.add("team/dry", "latest", b"d" * 2_000_000, config=b'{"a": 1}')
    done = paddock.run("pull", "--dry-run", f"{fake.host}/team/dry")
    rows = [line.split() for line in done.stdout.splitlines()]
    assert rows[0] == ["LAYER", "SIZE", "HERE"]
    assert rows[1] == [digest(b"d" * 2_000_000)[7:19], "2", "MB", "0", "B"]
    assert rows[-1] == ["total", "2.0", "MB", "0", "B"]
    assert done.exit == 0 and not fake.of("GET", "/blobs/")


def test_a_push_and_its_error(paddock: Paddock, fake: FakeRegistry) -> None:
    paddock.run("pull", f"{fake.host}/team/m")
    paddock.run("cp", f"{fake.host}/team/m", f"{fake.host}/team/copy")
    done = paddock.run("push", f"{fake.host}/team/copy")
    assert done.exit == 0 and done.stderr.splitlines()[-1] == "success "
    assert fake.manifests["team/copy:latest"] == fake.manifests["team/m:latest"]
    missing = paddock.run("push", f"{fake.host}/team/none")
    assert missing.exit == 1 and "no such file or directory" in missing.stderr


def test_run_pulls_what_is_missing(paddock: Paddock, fake: FakeRegistry) -> None:
    done = paddock.run("run", f"{fake.host}/team/none", "hello")
    assert done.exit == 1
    assert done.stderr.endswith("Error: pull model manifest: file does not exist\n")


def test_ctrl_c_stops_the_pull_and_says_that_it_goes_on_later(paddock: Paddock, fake: FakeRegistry) -> None:
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


def test_a_model_goes_through_a_file(paddock: Paddock, fake: FakeRegistry) -> None:
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
    assert bad.exit == 1 and "damaged" in bad.stderr
    assert paddock.run("export", "none", "none.tar").stderr == "Error: model 'none:latest' not found\n"
    assert paddock.run("import", "nowhere.tar").stderr == "Error: nowhere.tar: No such file or directory\n"
    assert not (paddock.home / "none.tar").exists()


def test_the_key_is_shown_and_stays_the_same(paddock: Paddock) -> None:
    first, second = paddock.run("key"), paddock.run("key")
    assert first.stdout == second.stdout and first.stdout.startswith("ssh-ed25519 AAAA")
    assert stat.S_IMODE((paddock.home / ".paddock" / "id_ed25519").stat().st_mode) == 0o600


def test_a_login_lets_the_server_in_until_it_is_forgotten(paddock: Paddock, fake: FakeRegistry) -> None:
    fake.password = "ada:s3cret"
    fake.add("team/private", "latest", b"private")
    name = f"{fake.host}/team/private"
    refused = paddock.run("pull", name)
    assert refused.exit == 1 and f"paddock login {fake.host}" in refused.stderr
    kept = paddock.run(
        "login", fake.host, "-u", "ada", "--password-stdin", stdin="s3cret\n", PYTHON_KEYRING_BACKEND=NO_KEYRING
    )
    assert kept.exit == 0 and "s3cret" not in kept.stdout + kept.stderr
    file = paddock.home / ".paddock" / "credentials.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert paddock.run("pull", name).exit == 0
    assert paddock.run("logout", fake.host, PYTHON_KEYRING_BACKEND=NO_KEYRING).exit == 0
    assert (
        paddock.run("logout", fake.host, PYTHON_KEYRING_BACKEND=NO_KEYRING).stderr
        == f"Error: there is no password for {fake.host}\n"
    )
    assert paddock.run("pull", name).exit == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["login", "a.test"], "use --password-stdin"),
        (["login", "a.test", "--password-stdin"], "needs --username"),
        (["login", "a/b"], "is not the host of a registry"),
        (["login"], "accepts 1 arg(s), received 0"),
        (["export", "m"], "accepts 2 arg(s), received 1"),
    ],
)
def test_mistakes_are_told(paddock: Paddock, args: list[str], message: str) -> None:
    done = paddock.run(*args, stdin="x\n")
    assert done.exit == 1 and message in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_a_login_that_is_given_up_is_no_traceback(paddock: Paddock) -> None:
    import pty

    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "paddock", "login", "a.test"],
        env=paddock.environment,
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    os.write(ours, b"\x04")  # Ctrl-D
    output, error = process.communicate(timeout=20)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 1 and output == b"User name for a.test: \n"
    assert error == b"Error: a user name and a password are needed\n"


def test_an_export_to_where_nothing_can_be_written_names_the_file(paddock: Paddock, fake: FakeRegistry) -> None:
    paddock.run("pull", f"{fake.host}/team/m")
    done = paddock.run("export", f"{fake.host}/team/m", "nowhere/m.tar")
    assert (done.exit, done.stderr.strip()) == (1, "Error: nowhere/m.tar: No such file or directory")
