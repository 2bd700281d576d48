"""Servers with bounds that are short enough for a test, or with little of what a system gives."""

from collections.abc import Mapping
from pathlib import Path

from tests.server.servers import ServerUnderTest

SCRIPT = """
import resource
for name, value in {limits!r}.items():
    resource.setrlimit(getattr(resource, name), (value, value))
from paddock.server.config import BodyConfig, ConnectionConfig, ServerConfig
from paddock.server.run import serve
from paddock.settings import read_settings
serve(read_settings(), ServerConfig(ConnectionConfig(**{connection!r}), BodyConfig(**{body!r})))
"""


def bounded_server(
    folder: Path,
    *,
    connection: Mapping[str, float] | None = None,
    body: Mapping[str, float] | None = None,
    limits: Mapping[str, int] | None = None,
) -> ServerUnderTest:
    """Start a server.

    Args:
        folder: its folder.
        connection: numbers of its `ConnectionConfig`.
        body: numbers of its `BodyConfig`.
        limits: limits of its process by their names in `resource`, soft and hard.
    """
    script = SCRIPT.format(limits=dict(limits or {}), connection=dict(connection or {}), body=dict(body or {}))
    return ServerUnderTest(folder, command=("-c", script))
