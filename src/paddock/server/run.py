"""Starts and stops the server process."""

import asyncio
import errno
import functools
import logging
import os
import signal
import socket
import sys
from types import FrameType
from typing import cast

import uvicorn

from paddock import __version__
from paddock.fleet import Fleet, LocalProcesses
from paddock.library.store.bundle import BUNDLED_MODELS
from paddock.library.store.library import Library
from paddock.memory import give_back
from paddock.sandbox.switch import sandbox_environment
from paddock.server.app import make_app
from paddock.server.body_budget import BodyBudget, memory_for_bodies
from paddock.server.config import ServerConfig
from paddock.server.connection import Connection
from paddock.server.connections import Connections
from paddock.server.descriptors import max_connections, open_descriptors, raise_limit
from paddock.server.hosts import is_bound_to_loopback
from paddock.server.log import start_log
from paddock.server.services import Services
from paddock.service import (
    CreationService,
    EmbeddingService,
    InferenceService,
    ModelLoader,
    ModelService,
    TransferService,
)
from paddock.settings import Settings
from paddock.workers.pool import WorkerPool

log = logging.getLogger("paddock.server")

BACKLOG = 2048
KEEPALIVE = {"TCP_KEEPIDLE": 15, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 9}
"""Seconds until the system asks whether a silent client is still there, seconds between two questions, and how many go
unanswered, as in Go's server."""
GRACEFUL_SECONDS = 2
"""How long answers in progress may take to end when the server stops."""


class CannotServe(Exception):
    """The server cannot start; the message says why."""


class Server(uvicorn.Server):
    """Uvicorn's server, which on shutdown stops the runners first: their requests fail, so that connections close."""

    def __init__(
        self,
        config: uvicorn.Config,
        connections: Connections,
        budget: BodyBudget,
        fleet: Fleet,
        transfer: TransferService,
        creation: CreationService,
        workers: WorkerPool,
    ) -> None:
        """Serve the app of `config`, look after `connections` and `budget`, and stop the others on shutdown."""
        super().__init__(config)
        self._connections = connections
        self._budget = budget
        self._giving_back: asyncio.Future[None] | None = None
        self._fleet = fleet
        self._transfer = transfer
        self._creation = creation
        self._workers = workers

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Start the shutdown on a signal."""
        if not self.should_exit:
            log.info("stopping")
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """Look after connections and memory, ten times a second; return whether the server must stop."""
        self._connections.sweep(asyncio.get_running_loop().time())
        is_idle = self._giving_back is None or self._giving_back.done()
        if is_idle and self._budget.released >= self._budget.config.given_back:
            self._budget.released = 0
            self._giving_back = asyncio.get_running_loop().run_in_executor(None, give_back)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop listening, end all work, then close the connections."""
        for listener in self.servers:
            listener.close()
        self._creation.close()
        await self._transfer.close()
        await self._fleet.close()
        await self._workers.close()
        await super().shutdown(sockets)


def serve(settings: Settings, config: ServerConfig | None = None) -> None:
    """Run the server until Ctrl-C or SIGTERM.

    Raises:
        CannotServe: if the address is taken or the models folder cannot be used.
    """
    config = config or ServerConfig()
    start_log(settings.debug)
    os.environ.update(sandbox_environment(settings.sandbox))  # every process that this one starts inherits it
    descriptors = raise_limit()
    listener = _listen(settings)
    try:
        settings.models.mkdir(parents=True, exist_ok=True)
        library = Library(settings.models, BUNDLED_MODELS if settings.tiny else None)
    except OSError as error:
        raise CannotServe(f"{settings.models}: {error.strerror}") from None
    # Uvicorn raises the signal again after the shutdown; SIGTERM then must not end the process with a failure.
    signal.signal(signal.SIGTERM, lambda *_: None)
    factory = _event_loop_factory()
    with asyncio.Runner(loop_factory=factory) as runner:
        server = runner.run(_make_server(settings, library, config, descriptors, is_bound_to_loopback(listener)))
        log.info("Paddock %s listens on %s, models in %s", __version__, settings.url, settings.models)
        runner.run(server.serve(sockets=[listener]))


async def _make_server(
    settings: Settings, library: Library, config: ServerConfig, descriptors: int, on_loopback: bool
) -> Server:
    """Return the server with its services, which belong to the event loop that runs this."""
    placement = LocalProcesses(library.blob_folders)
    resources = await placement.resources()
    log.info("this machine has %s", resources)
    fleet = Fleet(settings, placement)
    workers = WorkerPool()
    models = ModelService(library, settings, workers)
    pruned = await asyncio.to_thread(models.prune)
    if pruned:
        log.info("removed %d blobs that no model uses", pruned)
    loader = ModelLoader(library, models, fleet, settings)
    transfer = TransferService(library, models, loader, settings)
    creation = CreationService(models, transfer, loader)
    services = Services(
        library=library,
        models=models,
        loader=loader,
        creation=creation,
        inference=InferenceService(loader, workers),
        embedding=EmbeddingService(loader),
        transfer=transfer,
    )
    budget = BodyBudget(config.body, memory_for_bodies(resources.available_memory, config.body))
    app = make_app(settings, services, budget, on_loopback=on_loopback)
    most = max_connections(descriptors, open_descriptors(), config.connection.max_connections)
    log.info("%d descriptors, for %d connections and what they need", descriptors, most)
    connections = Connections(config.connection, most)
    uvicorn_config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http=cast(type[asyncio.Protocol], functools.partial(Connection, connections)),
        ws="none",
        server_header=False,
        timeout_keep_alive=cast(int, config.connection.idle_seconds),
        timeout_graceful_shutdown=GRACEFUL_SECONDS,
    )
    return Server(uvicorn_config, connections, budget, fleet, transfer, creation, workers)


def _event_loop_factory() -> type[asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.Loop


def _listen(settings: Settings) -> socket.socket:
    """Open the port before anything slow happens, so that early clients wait instead of being refused."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A client that is gone without a word, such as one whose machine was switched off, is noticed within minutes.
        # The connections inherit that.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if hasattr(socket, name):
                listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        if error.errno == errno.EADDRINUSE:
            raise CannotServe(f"{where} is in use: is a server running already?") from None
        raise CannotServe(f"cannot listen on {where}: {error.strerror or error}") from None
    return listener
