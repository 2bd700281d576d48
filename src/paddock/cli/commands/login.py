"""`key`, `login` and `logout`: who this user is for registries. The server reads what lies in the settings folder."""

import sys

from paddock.cli.errors import CommandError, UsageError
from paddock.cli.terminal.screen import is_terminal
from paddock.library.errors import LibraryError
from paddock.library.names import is_host
from paddock.settings import Settings


def show_key(settings: Settings) -> None:
    """Print the public key, which is made if there is none."""
    from paddock.registry.auth.keys import open_key

    try:
        print(open_key(settings.folder).public)
    except LibraryError as error:
        raise CommandError(str(error)) from None


def login(settings: Settings, host: str, user: str, from_pipe: bool) -> None:
    """Keep a user name and password for a registry: in the system's keyring, or else in a file."""
    from paddock.registry.auth.credentials import Credentials, Login

    host = _host(host)
    if not from_pipe and not is_terminal(sys.stdin):
        raise UsageError("nobody is there to be asked for a password: use --password-stdin")
    if from_pipe and not user:
        raise UsageError("--password-stdin needs --username")
    try:
        user = user or input(f"User name for {host}: ").strip()
        password = sys.stdin.readline().rstrip("\r\n") if from_pipe else _ask(host)
    except EOFError:  # Ctrl-D
        print()
        user = password = ""
    if not user or not password:
        raise CommandError("a user name and a password are needed")
    try:
        place = Credentials(settings.folder).save(host, Login(user, password))
    except LibraryError as error:
        raise CommandError(str(error)) from None
    print(f"The password for {host} is kept in {'the keyring' if place == 'keyring' else place}.")


def logout(settings: Settings, host: str) -> None:
    """Forget the password for a registry."""
    from paddock.registry.auth.credentials import Credentials

    host = _host(host)
    try:
        if not Credentials(settings.folder).remove(host):
            raise CommandError(f"there is no password for {host}")
    except LibraryError as error:
        raise CommandError(str(error)) from None
    print(f"The password for {host} is forgotten.")


def _ask(host: str) -> str:
    from getpass import getpass

    return getpass(f"Password for {host}: ")


def _host(text: str) -> str:
    host = text.partition("://")[2] or text
    host = host.rstrip("/")
    if not is_host(host):
        raise UsageError(f'"{text}" is not the host of a registry')
    return host
