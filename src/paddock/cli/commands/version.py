"""`--version`: the versions of the server and of this program."""

from paddock import __version__
from paddock.cli.client import Client
from paddock.cli.errors import CommandError
from paddock.settings import read_settings


def print_version() -> None:
    """Print the server's version, and a warning if this program's version differs."""
    server_version = ""
    try:
        answer = Client(read_settings().url).get("/api/version")
    except CommandError:
        print("Warning: could not connect to a running Paddock instance")
    else:
        server_version = answer.get("paddock") or ""
        # A server without a `paddock` field is an Ollama.
        name, version = ("paddock", server_version) if server_version else ("ollama", answer.get("version"))
        print(f"{name} version is {version}")
    if server_version != __version__:
        print(f"Warning: client version is {__version__}")
