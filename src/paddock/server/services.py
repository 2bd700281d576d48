"""The services that handlers call."""

from dataclasses import dataclass, field

from starlette.requests import Request

from paddock.library.store.library import Library
from paddock.service import (
    CreationService,
    EmbeddingService,
    InferenceService,
    ModelLoader,
    ModelService,
    TransferService,
)
from paddock.thread_pool import ThreadPool

WRITER_THREADS = 16
"""Requests that write to the models folder at once. They wait for the disk and for locks of other servers, so they have
threads of their own: quick requests, which only read, run in the event loop's."""


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that a handler may use, the same for every dialect."""

    library: Library
    models: ModelService
    loader: ModelLoader
    creation: CreationService
    inference: InferenceService
    embedding: EmbeddingService
    transfer: TransferService
    threads: ThreadPool = field(default_factory=lambda: ThreadPool(WRITER_THREADS, "paddock-writer"))
    """For whatever writes to the models folder."""


def client_address(request: Request) -> str:
    """Return the address that a request comes from; "" if the server does not know it."""
    return request.client.host if request.client is not None else ""
