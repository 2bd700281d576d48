"""What a checkpoint sees with: its vision tower, and what fits the tower's vectors to the language model.

Both go into a GGUF file of their own, which llama.cpp calls a projector (`mmproj`): the model beside it is the same as
one that only reads.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.numbers import finite32, positive32
from paddock.conversion.checkpoint.safetensors import Tensor, shown
from paddock.conversion.checkpoint.tensors import Kind, Planned, typed, whole, widened
from paddock.conversion.errors import ConversionError
from paddock.conversion.vision.towers import SPREADS, Tensors, Tower, linear, tower_of
from paddock.conversion.writer import Sink, write_gguf

PREFIXES = ("model.vision_tower.", "vision_tower.")
"""What stands before the names of a tower's tensors."""
PROJECTOR_PREFIXES = ("model.multi_modal_projector.", "multi_modal_projector.")
_SEEING = re.compile(r"vision_tower|multi_modal_projector|vision_model|embed_vision")
_OPTIONAL = ("vision_model.", "")
_NOT_WANTED = ("head.", "embeddings.position_ids")
"""Tensors of a tower that no model which writes text uses."""


@dataclass(frozen=True)
class Projector:
    """A projector as it will be written."""

    metadata: Mapping[str, Any]
    tensors: tuple[Planned, ...]
    kind: Kind

    @property
    def size(self) -> int:
        """Bytes of its tensors."""
        return sum(typed(tensor, self.kind).size for tensor in self.tensors)

    def write(self, sink: Sink, progress: Callable[[int, int], None] = lambda done, total: None) -> None:
        """Write it as a GGUF file; `progress` gets bytes: written, all.

        Raises:
            ConversionError: if a tensor cannot be read or does not fit.
            OSError: if a file cannot be read, or the sink not written.
        """
        write_gguf(sink, "clip", self.metadata, self.tensors, self.kind, progress)


@dataclass(frozen=True)
class _Seen:
    """What of a tower is used, and what comes after it."""

    settings: dict[str, Any]
    layers: int
    last_norm: bool
    tensors: Tensors
    """Of what comes after the tower."""
    plus_one: frozenset[str] = frozenset()
    """Names in the file of norms that are stored less 1."""


def sees(checkpoint: Checkpoint) -> bool:
    """Whether there are tensors of a vision tower in a checkpoint.

    Raises:
        ConversionError: if it is broken.
    """
    return any(_SEEING.search(name) for name in checkpoint.tensors)


def projector_of(checkpoint: Checkpoint, kind: str = "f16") -> Projector | None:
    """Plan the projector of a checkpoint; None if it has no vision tower, or its architecture uses none.

    Its matrices are written in 16 bits unless `kind` is `f32`; never as bf16, which some kernels of it do not take. One
    with values beyond the range of F16 is written in 32 bits.

    Raises:
        ConversionError: if there is one that cannot be imported; the message says why.
    """
    config = Config(checkpoint.config)
    family = FAMILIES.get(config.architecture)
    if family is None or not sees(checkpoint):
        return None
    described = checkpoint.config.get("vision_config")
    if not isinstance(described, dict):
        raise ConversionError("config.json does not describe the vision tower (vision_config)")
    tower = tower_of(described)
    if tower.layers > len(checkpoint.tensors):
        raise ConversionError(
            f"config.json describes a vision tower of {tower.layers} layers, the checkpoint has fewer"
        )
    seen = family(tower, config)
    expected = tower.tensors(seen.layers, last_norm=seen.last_norm)
    found = _chosen(checkpoint.tensors, PREFIXES, expected, seen.plus_one)
    found += _chosen(checkpoint.tensors, PROJECTOR_PREFIXES, seen.tensors, seen.plus_one)
    _check_strangers(checkpoint.tensors, tower, seen)
    mean, deviation = _spread(checkpoint, tower)
    metadata = {
        "general.type": "mmproj",
        **tower.settings(seen.layers, mean, deviation),
        "clip.vision.projection_dim": config.width,
        **seen.settings,
    }
    if kind == "f32":
        return Projector(metadata, tuple(found), Kind.F32)
    return Projector(metadata, tuple(map(widened, found)), Kind.F16)


def _gemma3(tower: Tower, config: Config) -> _Seen:
    """Gemma 3: squares of patches become one vector each, their mean, which a norm and a matrix fit to the model."""
    if tower.kind != "siglip":
        raise ConversionError(f"Gemma 3 with a vision tower of the type {tower.kind} is not imported")
    wanted = config.integer("mm_tokens_per_image", default=256)
    side = math.isqrt(wanted)
    if not side or side * side != wanted or tower.side % side:
        raise ConversionError(f"config.json: {tower.side}x{tower.side} patches cannot become {wanted} vectors")
    projection = ("mm.input_projection.weight", (tower.width, config.width))
    norm = ("mm.soft_emb_norm.weight", (tower.width,))
    return _Seen(
        {"clip.projector_type": "gemma3", "clip.vision.projector.scale_factor": tower.side // side},
        tower.layers,
        True,
        {"mm_input_projection_weight": projection, "mm_soft_emb_norm.weight": norm},
        frozenset({"mm.soft_emb_norm.weight"}),
    )


def _llava(tower: Tower, config: Config) -> _Seen:
    """LLaVA: the vectors of one of the last layers, fitted to the model by two matrices."""
    layer = config.get("vision_feature_layer")
    layer = -2 if layer is None else layer
    if not isinstance(layer, int) or isinstance(layer, bool) or not -tower.layers <= layer <= tower.layers:
        raise ConversionError("config.json: vision_feature_layer must be the number of one layer")
    used = layer if layer >= 0 else tower.layers + 1 + layer
    if not used:
        raise ConversionError("config.json: vision_feature_layer must be a layer, not what comes before the first")
    strategy = config.get("vision_feature_select_strategy") or "default"
    if strategy != ("default" if tower.has_summary else "full"):
        named = str(strategy)[:40]
        raise ConversionError(
            f'config.json: vision_feature_select_strategy "{named}" is not imported for a {tower.kind} tower'
        )
    if config.get("projector_hidden_act") not in (None, "gelu"):
        raise ConversionError("config.json: projector_hidden_act must be gelu")
    if not config.flag("multimodal_projector_bias", default=True):
        raise ConversionError("config.json: a projector without biases is not imported")
    settings: dict[str, Any] = {"clip.projector_type": "mlp", "clip.vision.feature_layer": [used]}
    first = linear("linear_1", "mm.0", config.width, tower.width)
    return _Seen(settings, used, False, first | linear("linear_2", "mm.2", config.width, config.width))


FAMILIES: dict[str, Callable[[Tower, Config], _Seen]] = {
    "Gemma3ForConditionalGeneration": _gemma3,
    "LlavaForConditionalGeneration": _llava,
}
"""The first of `architectures` → how its vision tower is used."""


def _chosen(
    tensors: Mapping[str, Tensor], prefixes: tuple[str, ...], expected: Tensors, plus_one: frozenset[str]
) -> list[Planned]:
    found = []
    for theirs, (ours, shape) in expected.items():
        names = [f"{prefix}{optional}{theirs}" for prefix in prefixes for optional in _OPTIONAL]
        tensor = next((tensors[name] for name in names if name in tensors), None)
        if tensor is None:
            raise ConversionError(f"the checkpoint has no {prefixes[-1]}{theirs}, which its vision tower needs")
        if tensor.shape != shape:
            raise ConversionError(
                f'tensor "{shown(tensor.name)}" has the shape {list(tensor.shape)}, config.json asks for {list(shape)}'
            )
        found.append(whole(ours, tensor, plus=1.0) if ours in plus_one else whole(ours, tensor))
    return found


def _check_strangers(tensors: Mapping[str, Tensor], tower: Tower, seen: _Seen) -> None:
    """See that nothing is left over that would change what is seen."""
    wanted = {PREFIXES: tower.tensors(tower.layers, last_norm=True), PROJECTOR_PREFIXES: seen.tensors}
    for name in filter(_SEEING.search, tensors):
        known = False
        for prefixes, names in wanted.items():
            prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
            rest = name.removeprefix(prefix or "").removeprefix("vision_model.")
            known = known or (prefix is not None and (rest in names or rest.startswith(_NOT_WANTED)))
        if not known:
            raise ConversionError(f'the tensor "{shown(name)}" does not belong to a vision tower of {tower.kind}')


def _spread(checkpoint: Checkpoint, tower: Tower) -> tuple[list[float], list[float]]:
    """Mean and deviation of each colour."""
    settings = checkpoint.settings("preprocessor_config.json")
    if not settings:
        nested = checkpoint.settings("processor_config.json").get("image_processor")
        settings = nested if isinstance(nested, dict) else {}
    found = []
    for key, default in zip(("image_mean", "image_std"), SPREADS[tower.kind], strict=True):
        value = settings.get(key, default)
        if not isinstance(value, list) or len(value) != len(default) or not all(map(finite32, value)):
            raise ConversionError(f"preprocessor_config.json: {key} must be {len(default)} numbers")
        found.append([float(one) for one in value])
    if not all(map(positive32, found[1])):
        raise ConversionError("preprocessor_config.json: image_std must be above 0")
    return found[0], found[1]
