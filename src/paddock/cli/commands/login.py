"""`key`, `login` and `logout`: the user's key and passwords for registries, which the server reads."""

import sys

from paddock.cli.errors import CommandError, UsageError
from paddock.cli.terminal.screen import is_terminal
from paddock.library.errors import LibraryError
from paddock.library.names import is_host
from paddock.settings import Settings


def show_key(settings: Settings) -> None:
    """Print the public key; create the key pair if there is none."""
    from paddock.registry.auth.keys import open_key

    try:
        print(open_key(settings.folder).public)
    except LibraryError as error:
        raise CommandError(str(error)) from None


def login(settings: Settings, host: str, user: str, from_pipe: bool) -> None:
    """Save a user name and password for a registry, in the system's keyring or, without one, in a file.

    Raises:
        UsageError: if `host` is no host name, or the password can come neither from a terminal nor from a pipe.
        CommandError: if no user name or password was given, or they cannot be saved.
    """
    from paddock.registry.auth.credentials import Credentials, Login

    host = _parse_host(host)
    if not from_pipe and not is_terminal(sys.stdin):
        raise UsageError("cannot ask for a password without a terminal: use --password-stdin")
    if from_pipe and not user:
        raise UsageError("--password-stdin needs --username")
    try:
        user = user or input(f"User name for {host}: ").strip()
        password = sys.stdin.readline().rstrip("\r\n") if from_pipe else _read_password(host)
    except EOFError:  # Ctrl-D
        print()
        user = password = ""
    if not user or not password:
        raise CommandError("a user name and a password are needed")
    try:
        place = Credentials(settings.folder).save(host, Login(user, password))
    except LibraryError as error:
        raise CommandError(str(error)) from None
    print(f"The password for {host} is saved in {'the keyring' if place == 'keyring' else place}.")


def logout(settings: Settings, host: str) -> None:
    """Delete the saved password for a registry.

    Raises:
        UsageError: if `host` is no host name.
        CommandError: if there is no password, or it cannot be deleted.
    """
    from paddock.registry.auth.credentials import Credentials

    host = _parse_host(host)
    try:
        if not Credentials(settings.folder).remove(host):
            raise CommandError(f"there is no password for {host}")
    except LibraryError as error:
        raise CommandError(str(error)) from None
    print(f"The password for {host} is deleted.")


def _read_password(host: str) -> str:
    from getpass import getpass

    return getpass(f"Password for {host}: ")


def _parse_host(text: str) -> str:
    host = text.partition("://")[2] or text
    host = host.rstrip("/")
    if not is_host(host):
        raise UsageError(f'"{text}" is not the host of a registry')
    return host
