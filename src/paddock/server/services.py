"""The services that handlers call."""

from dataclasses import dataclass

from paddock.library.store.library import Library
from paddock.service.creation import CreationService
from paddock.service.embedding import EmbeddingService
from paddock.service.inference import InferenceService
from paddock.service.loader import ModelLoader
from paddock.service.models import ModelService
from paddock.service.transfer import TransferService


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
