"""What the product does, whatever protocol a client speaks: generate, embed, and manage models.

A service takes and returns dataclasses; a dialect makes them from its requests and formats its replies with them.
"""

from paddock.service.creation import CreationService
from paddock.service.embedding import EmbeddingService
from paddock.service.inference import InferenceService
from paddock.service.loader import ModelLoader
from paddock.service.models import ModelService
from paddock.service.transfer import TransferService

__all__ = [
    "CreationService",
    "EmbeddingService",
    "InferenceService",
    "ModelLoader",
    "ModelService",
    "TransferService",
]
