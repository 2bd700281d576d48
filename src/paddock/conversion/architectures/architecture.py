"""How one kind of network is imported: the type that every family's module fills in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paddock.conversion.architectures.config import Config

Hyperparameters = dict[str, Any]
"""Metadata of a network, by key without the architecture's name before the dot; keys with None are left out."""
Computed = dict[str, "np.ndarray[Any, Any]"]
"""Tensors of the GGUF file that are computed from the configuration, by name."""

ROTARY_BUFFERS = r"rotary_emb\.inv_freq$|rotary_pos_emb"
"""Pattern of tensors that old checkpoints contain and llama.cpp computes itself."""
NO_PREFIX = ("",)
"""Prefix of checkpoints of the network alone, whose tensors are not named `model.` …"""


@dataclass(frozen=True)
class Architecture:
    """How one kind of network is imported."""

    name: str
    """llama.cpp's name."""
    settings: Callable[[Config], Hyperparameters]
    """Returns the metadata that llama.cpp needs, from the checkpoint's configuration."""
    prefixes: tuple[str, ...] = ()
    """Prefixes that some checkpoints put before the names of tensors."""
    skipped: str = ""
    """Pattern of tensors that are not imported."""
    permuted: tuple[str, ...] = ()
    """Attention projections whose rows are permuted head by head (see `permute_halves`)."""
    norms_plus_one: bool = False
    """Whether the checkpoint stores the weights of norms less 1."""
    computed: Callable[[Config], Computed] = lambda config: {}
    """Returns tensors that are not in the checkpoint."""
    embeds: bool = False
    """Whether the model makes embeddings or scores, not text."""
    first_position: Callable[[Config], int] = lambda config: 0
    """Returns the first learned position that a text uses; earlier ones are not imported."""
    has_dense: bool = False
    """Whether the engine applies dense layers to a text's embedding."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """Layers of a reranker's classification head: name in the checkpoint → in the file, without `.weight`."""
