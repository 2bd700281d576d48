"""Passwords for private registries: in the system's keyring if there is one, else in a file of mode 0600.

The optional `keyring` library is used if it is installed and finds a keyring. No log or error contains a password.
"""

import contextlib
import json
import logging
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddock.registry.auth.keys import write_private
from paddock.registry.errors import RegistryError

CREDENTIALS_FILE = "credentials.json"
SERVICE = "paddock registry "
"""Prefix of the entries' names in the keyring; the registry's host follows."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Login:
    """User name and password at a registry."""

    user: str
    password: str = field(repr=False)


class Credentials:
    """The logins that `paddock login` stores. The file is read each time, because command and server are two processes.

    The file has the user of each host with a login, and the password if there is no keyring.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / CREDENTIALS_FILE

    def find(self, host: str) -> Login | None:
        """Return the login for a registry, by its host as in model names; None if there is none.

        Raises:
            RegistryError: if the file or the keyring cannot be read.
        """
        entry = self._read().get(host.lower())
        if entry is None:
            return None
        user, password = str(entry.get("user", "")), entry.get("password")
        if password is None:
            ring = _keyring()
            password = _call_keyring(lambda: ring.get_password(SERVICE + host.lower(), user)) if ring else None
        if password is None:
            _log.warning("the keyring has no password for %s any more: paddock login %s", host, host)
            return None
        return Login(user, str(password))

    def save(self, host: str, login: Login) -> str:
        """Store a login; return where the password is stored: `keyring` or the file's path.

        Raises:
            RegistryError: if it cannot be stored.
        """
        entry: dict[str, str] = {"user": login.user}
        place = "keyring"
        ring = _keyring()
        try:
            if ring is None:
                raise RegistryError("no keyring")
            _call_keyring(lambda: ring.set_password(SERVICE + host.lower(), login.user, login.password))
        except RegistryError:
            entry["password"] = login.password
            place = str(self._path)
        self._write(self._read() | {host.lower(): entry})
        return place

    def remove(self, host: str) -> bool:
        """Remove a login; return False if there was none.

        Raises:
            RegistryError: if the file cannot be written.
        """
        entries = self._read()
        entry = entries.pop(host.lower(), None)
        if entry is None:
            return False
        if "password" not in entry and (ring := _keyring()) is not None:
            with contextlib.suppress(RegistryError):  # somebody may have removed it by hand
                _call_keyring(lambda: ring.delete_password(SERVICE + host.lower(), str(entry.get("user", ""))))
        self._write(entries)
        return True

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            entries = json.loads(self._path.read_bytes())
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise RegistryError(f"{self._path}: {error.strerror}") from None
        except ValueError:
            raise RegistryError(f"{self._path} is no JSON: correct or remove it") from None
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise RegistryError(f"{self._path} does not hold logins: correct or remove it")
        return entries

    def _write(self, entries: dict[str, dict[str, str]]) -> None:
        temporary = self._path.with_name(f".{self._path.name}-{secrets.token_hex(8)}")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_private(temporary, f"{json.dumps(entries, indent=1, sort_keys=True)}\n".encode())
            temporary.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise RegistryError(f"{self._path}: {error.strerror}") from None


def _keyring() -> Any:
    """Return the keyring library if it has a working keyring, else None."""
    if os.environ.get("PYTHON_KEYRING_BACKEND") == "keyring.backends.null.Keyring":
        return None
    try:
        import keyring  # type: ignore[import-not-found,unused-ignore]
        from keyring.backends import fail, null  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return None
    try:
        ring = keyring.get_keyring()
    except Exception as error:  # each backend fails in its own way
        _log.debug("no keyring: %s", type(error).__name__)
        return None
    return None if isinstance(ring, fail.Keyring | null.Keyring) else keyring


def _call_keyring(call: Any) -> Any:
    try:
        return call()
    except Exception as error:  # as above; only its type is shown, because its message might contain the secret
        raise RegistryError(f"the keyring failed ({type(error).__name__})") from None
