"""Route tables: what stands at which path. The app, the 405 answers and the OpenAPI description are made from them."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from paddock.server.dialect import Dialect
from paddock.server.services import Services

Handler = Callable[[Request, Services], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One method of one path."""

    id: str
    """Its operationId; its summary, description and examples stand in the table's words under this key."""
    method: str
    path: str
    handler: Handler
    group: str
    """Its tag in the description."""
    parameters: tuple[str, ...] = ()
    """Keys of its path and query parameters in the table's words."""
    request: Any = None
    """Struct of its body, or `bytes` for a body that is not JSON."""
    reply: Any = None
    """Struct of its answer, or a media type if the answer is not JSON, or None if the answer is only a status."""
    stream: tuple[Any, ...] = ()
    """Structs of the events of a streamed answer."""
    statuses: tuple[int, ...] = (200,)
    needs_input: bool = False
    """Whether the end of the client's input means that it has left, and the request is given up: as with Ollama, where
    a runner works for it. A request that does long work or waits for its turn says so itself (`require_input`)."""
    errors: tuple[int, ...] = ()
    """Error statuses beside those that every endpoint may answer."""


@dataclass(frozen=True)
class RouteTable:
    """The endpoints of one dialect."""

    dialect: Dialect
    endpoints: tuple[Endpoint, ...]
    words: Path
    """JSON file with the texts and examples of their description."""
