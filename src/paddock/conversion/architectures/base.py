"""What is said of each architecture that can be imported."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paddock.conversion.architectures.config import Config

Settings = dict[str, Any]
"""Metadata without the architecture's name before the dot; None is left out."""
Computed = dict[str, "np.ndarray[Any, Any]"]


@dataclass(frozen=True)
class Architecture:
    """How one kind of network is imported."""

    name: str
    """llama.cpp's."""
    settings: Callable[[Config], Settings]
    prefixes: tuple[str, ...] = ()
    """What some checkpoints have before the names of tensors."""
    left_out: str = ""
    """Pattern of tensors that are not wanted."""
    turned: tuple[str, ...] = ()
    """Parts of attention whose rows are reordered, head by head."""
    norms_plus_one: bool = False
    """Whether norms are stored less 1."""
    computed: Callable[[Config], Computed] = lambda config: {}
    embeds: bool = False
    """Whether it makes vectors, not text."""
    first_position: Callable[[Config], int] = lambda config: 0
    """Which of the learned positions is the first that a text uses; those before it are left out."""
    has_dense: bool = False
    """Whether the engine applies dense layers to the vector of a text."""
    heads: Mapping[str, str] = field(default_factory=dict)
    """Of a model that ranks, what gives the score: name in the checkpoint → in the file, without `.weight`."""
