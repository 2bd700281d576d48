import os
import stat
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Paddock
from tests.registry.fake import FakeRegistry, fake_registry

NO_KEYRING = "keyring.backends.null.Keyring"


@pytest.fixture
def fake() -> Iterator[FakeRegistry]:
    with fake_registry() as registry:
        yield registry


def test_the_public_key_is_the_same_each_time(paddock: Paddock) -> None:
    first, second = paddock.run("key"), paddock.run("key")
    assert first.stdout == second.stdout and first.stdout.startswith("ssh-ed25519 AAAA")
    assert stat.S_IMODE((paddock.home / ".paddock" / "id_ed25519").stat().st_mode) == 0o600


def test_a_saved_password_lets_the_server_pull_until_it_is_deleted(paddock: Paddock, fake: FakeRegistry) -> None:
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
    ],
)
def test_wrong_arguments_are_explained(paddock: Paddock, args: list[str], message: str) -> None:
    done = paddock.run(*args, stdin="x\n")
    assert done.exit == 1 and message in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_ctrl_d_ends_a_login_with_a_message(paddock: Paddock) -> None:
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
