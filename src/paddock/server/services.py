"""The services that handlers call."""

from dataclasses import dataclass

from paddock.library.store.library import Library
from paddock.service import (
    CreationService,
    EmbeddingService,
    InferenceService,
    ModelLoader,
    ModelService,
    TransferService,
)


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
