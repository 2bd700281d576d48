"""What a model that ranks says of a question and a text, made one number."""

import math

from paddock.engine.binding.embedding import Pooling, rank_labels
from paddock.engine.embedding.batcher import EmbeddingItem, EmbeddingSettings
from paddock.engine.embedding.tokenizer import TextRefused, not_finite

YES = "yes"
"""Of the classes of a model that answers whether the text helps, the one that counts: Qwen3-Reranker's."""


class Scorer:
    """Scores of one model."""

    def __init__(self, settings: EmbeddingSettings) -> None:
        self._ranks = settings.pooling is Pooling.RANK
        labels = rank_labels(settings.model) if self._ranks else []
        self._classes = len(labels)
        self._yes = labels.index(YES) if YES in labels else -1

    def check(self) -> None:
        """Refuse a model that does not rank.

        Raises:
            TextRefused: if it is one.
        """
        if not self._ranks:
            raise TextRefused("this model does not rank texts", "invalid")
        if self._classes != 1 and self._yes < 0:
            raise TextRefused(f"this model sorts texts into {self._classes} classes, it does not rank them", "invalid")

    def score(self, text: EmbeddingItem) -> float:
        """Return how well a text answers the question, from 0 to 1.

        A single number is a logit, of which that is the logistic function; those of classes are likelihoods already.

        Raises:
            TextRefused: if it is no number.
        """
        value = text.vector[max(self._yes, 0)]
        if not math.isfinite(value):
            raise not_finite(text.number)
        return value if self._classes > 1 else 0.5 * (1 + math.tanh(value / 2))
