"""Scores: the outputs of a reranker for a query–document pair as one number."""

import math

from paddock.engine.binding.embedding import Pooling, rank_labels
from paddock.engine.embedding.batcher import EmbeddingItem, EmbeddingSettings
from paddock.engine.embedding.tokenizer import TextRefused, not_finite

YES = "yes"
"""Name of the class that counts for models that classify whether the document helps, such as Qwen3-Reranker."""


class Scorer:
    """Computes the scores of one model."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        self._ranks = settings.pooling is Pooling.RANK
        labels = rank_labels(settings.model) if self._ranks else []
        self._classes = len(labels)
        self._yes = labels.index(YES) if YES in labels else -1

    def check(self) -> None:
        """Check that the model is a reranker.

        Raises:
            TextRefused: if it is not.
        """
        if not self._ranks:
            raise TextRefused("this model does not rank texts", "invalid")
        if self._classes != 1 and self._yes < 0:
            raise TextRefused(f"this model sorts texts into {self._classes} classes, it does not rank them", "invalid")

    def score(self, item: EmbeddingItem) -> float:
        """Return how well a document answers the query, from 0 to 1.

        The output of a model with a single class is a logit; those of several classes are probabilities already.

        Raises:
            TextRefused: if the output is not finite.
        """
        value = item.vector[max(self._yes, 0)]
        if not math.isfinite(value):
            raise not_finite(item.number)
        return value if self._classes > 1 else 0.5 * (1 + math.tanh(value / 2))
