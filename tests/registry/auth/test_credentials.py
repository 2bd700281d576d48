import logging
import stat
import sys
import types
from pathlib import Path

import pytest

from paddock.registry import RegistryError
from paddock.registry.auth.credentials import Credentials, Login
from tests.registry.conftest import Machine
from tests.registry.fake import FakeRegistry

LOGIN = Login("ada", "s3cret")


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


class Ring(types.ModuleType):
    """A keyring in memory, as the `keyring` library offers one."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.held: dict[tuple[str, str], str] = {}

    def get_keyring(self) -> object:
        return self

    def get_password(self, service: str, user: str) -> str | None:
        return self.held.get((service, user))

    def set_password(self, service: str, user: str, password: str) -> None:
        self.held[service, user] = password

    def delete_password(self, service: str, user: str) -> None:
        del self.held[service, user]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    ring, backends = Ring(), types.ModuleType("keyring.backends")
    for name in ("fail", "null"):
        backend = types.ModuleType(f"keyring.backends.{name}")
        backend.Keyring = type("Keyring", (), {})  # type: ignore[attr-defined]
        setattr(backends, name, backend)
        monkeypatch.setitem(sys.modules, f"keyring.backends.{name}", backend)
    monkeypatch.setitem(sys.modules, "keyring", ring)
    monkeypatch.setitem(sys.modules, "keyring.backends", backends)
    return ring


def test_without_a_keyring_a_login_is_in_a_file_for_its_owner_alone(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path / "home")
    assert credentials.find("a.test") is None
    place = credentials.save("A.test:5000", LOGIN)
    assert place == str(tmp_path / "home" / "credentials.json")
    assert stat.S_IMODE(Path(place).stat().st_mode) == 0o600
    assert Credentials(tmp_path / "home").find("a.TEST:5000") == LOGIN
    assert credentials.find("a.test") is None
    assert [p.name for p in (tmp_path / "home").iterdir()] == ["credentials.json"]


def test_with_a_keyring_no_file_holds_the_password(tmp_path: Path, ring: Ring) -> None:
    credentials = Credentials(tmp_path)
    assert credentials.save("a.test", LOGIN) == "keyring"
    assert "s3cret" not in (tmp_path / "credentials.json").read_text()
    assert credentials.find("a.test") == LOGIN
    assert credentials.remove("a.test") and not ring.held and credentials.find("a.test") is None


def test_a_keyring_that_fails_leaves_the_file(tmp_path: Path, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: str) -> None:
        raise OSError("locked: s3cret")

    monkeypatch.setattr(ring, "set_password", refuse)
    credentials = Credentials(tmp_path)
    assert credentials.save("a.test", LOGIN) == str(tmp_path / "credentials.json")
    assert credentials.find("a.test") == LOGIN


def test_a_login_is_forgotten_once(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    credentials.save("a.test", LOGIN)
    credentials.save("b.test", Login("bob", "x"))
    assert credentials.remove("a.test") and not credentials.remove("a.test")
    assert credentials.find("a.test") is None and credentials.find("b.test") == Login("bob", "x")


@pytest.mark.parametrize("text", ["", "[]", '{"a.test": 7}'])
def test_a_file_that_holds_something_else_is_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "credentials.json").write_text(text)
    with pytest.raises(RegistryError, match=r"credentials\.json"):
        Credentials(tmp_path).find("a.test")


def test_a_password_shows_nowhere(tmp_path: Path) -> None:
    assert "s3cret" not in repr(LOGIN)


@pytest.mark.parametrize("tokens", [True, False])
def test_a_registry_that_asks_gets_the_password(
    fake: FakeRegistry, machine: Machine, tokens: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    fake.password = "ada:s3cret"
    fake.add("team/m", "latest", b"x" * 1000)
    name = f"{fake.host}/team/m"
    with pytest.raises(RegistryError, match=f"user name and a password: paddock login {fake.host}"):
        machine.pull(name)
    Credentials(machine.settings.folder).save(fake.host, LOGIN)
    if tokens:
        fake.tokens = True
        fake_allowed = fake.password
        fake.password = ""
        fake.token_password = fake_allowed
    machine.pull(name)
    assert machine.library.blobs.exists(next(iter(fake.blobs["team/m"])))
    assert not [a for a in fake.of("GET", "", "storage") if "Authorization" in a.headers]
    assert "s3cret" not in caplog.text and "signature=secret" not in caplog.text


def test_a_wrong_password_is_told(fake: FakeRegistry, machine: Machine) -> None:
    fake.password = "ada:other"
    fake.add("team/m", "latest", b"x")
    Credentials(machine.settings.folder).save(fake.host, LOGIN)
    with pytest.raises(RegistryError, match="401") as caught:
        machine.pull(f"{fake.host}/team/m")
    assert "s3cret" not in str(caught.value)
