"""The ed25519 key that identifies this user at registries: an OpenSSH file in the settings folder."""

import base64
import hashlib
import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING

from paddock.registry.errors import RegistryError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_FILE = "id_ed25519"


class SigningKey:
    """A private key that signs requests."""

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private = private

    @property
    def public(self) -> str:
        """The public key as OpenSSH writes it: `ssh-ed25519 AAAA…`."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return self._private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def authorization(self, method: str, url: str) -> str:
        """Return the Authorization header for a request without a body: `<public key>:<signature>`, both in base64."""
        # Registries check the base64 of the hex digits of the empty body's digest.
        body = base64.b64encode(hashlib.sha256(b"").hexdigest().encode()).decode()
        signature = self._private.sign(f"{method},{url},{body}".encode())
        return f"{self.public.split()[1]}:{base64.b64encode(signature).decode()}"


def open_key(folder: Path) -> SigningKey:
    """Return the key in `folder`; create it (mode 0600, with the public key beside it) if there is none.

    Raises:
        RegistryError: if it cannot be read or created.
    """
    path = folder / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        return _read(path)
    except OSError as error:
        raise RegistryError(f"the key {path}: {error.strerror or error}") from None


def key_from_seed(seed: bytes) -> SigningKey:
    """Return the key of a 32-byte seed."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return SigningKey(Ed25519PrivateKey.from_private_bytes(seed))


def _read(path: Path) -> SigningKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        private = load_ssh_private_key(path.read_bytes(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise RegistryError(f"the key {path} cannot be read: {error}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise RegistryError(f"the key {path} is not an ed25519 key")
    return SigningKey(private)


def _make(path: Path) -> None:
    """Create the key file, unless another process creates it at the same moment."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    data = private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    write_private(temporary, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    path.with_suffix(".pub").write_text(f"{SigningKey(private).public}\n")


def write_private(path: Path, data: bytes) -> None:
    """Create a file that only its owner can read, durably.

    Raises:
        OSError: if it exists already or cannot be written.
    """
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
