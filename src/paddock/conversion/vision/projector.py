"""Conversion of a checkpoint's vision tower, and of the projector that maps its outputs to the language model.

Both go into a GGUF file of their own, which llama.cpp calls a projector (`mmproj`). The file of the language model does
not depend on it.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.gemma import VISION_TENSORS
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.numbers import finite32, positive32
from paddock.conversion.checkpoint.safetensors import Tensor, shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor, WeightType, typed, whole, widened
from paddock.conversion.output.writer import ByteSink, ReportBytes, ignore_progress, write_gguf
from paddock.conversion.vision.towers import COLOR_STATISTICS, Tensors, Tower, linear, tower_of

TOWER_PREFIXES = ("model.vision_tower.", "vision_tower.")
"""Prefixes of the names of a tower's tensors."""
PROJECTOR_PREFIXES = ("model.multi_modal_projector.", "multi_modal_projector.")
_VISION = re.compile(VISION_TENSORS)
_OPTIONAL = ("vision_model.", "")
_UNUSED = ("head.", "embeddings.position_ids")
"""Prefixes of tensors of a tower that language models do not use."""


@dataclass(frozen=True)
class ProjectorPlan:
    """A projector file as it will be written."""

    metadata: Mapping[str, Any]
    tensors: tuple[OutputTensor, ...]
    weight_type: WeightType

    @property
    def size(self) -> int:
        """Bytes of the tensors."""
        return sum(typed(tensor, self.weight_type).size for tensor in self.tensors)

    def write(self, sink: ByteSink, progress: ReportBytes = ignore_progress) -> None:
        """Write it as a GGUF file.

        Raises:
            ConversionError: if a tensor cannot be read or converted.
            OSError: if a file cannot be read, or the sink not written.
        """
        write_gguf(sink, "clip", self.metadata, self.tensors, self.weight_type, progress)


@dataclass(frozen=True)
class _Usage:
    """The part of a tower that a family of models uses, and the tensors of its projector."""

    settings: dict[str, Any]
    layers: int
    last_norm: bool
    tensors: Tensors
    """Tensors of the projector."""
    plus_one: frozenset[str] = frozenset()
    """Names in the file of norms whose weights the checkpoint stores less 1."""


def has_vision_tower(checkpoint: Checkpoint) -> bool:
    """Return whether a checkpoint has tensors of a vision tower.

    Raises:
        ConversionError: if it is broken.
    """
    return any(_VISION.search(name) for name in checkpoint.tensors)


def plan_projector(checkpoint: Checkpoint, weight_type: str = "f16") -> ProjectorPlan | None:
    """Return the plan of a checkpoint's projector; None if it has no vision tower, or its architecture uses none.

    Matrices are written as F16 unless `weight_type` is `f32`: some of llama.cpp's vision kernels do not take BF16. A
    matrix with values beyond the range of F16 is written as F32.

    Raises:
        ConversionError: if the tower cannot be imported; the message says why.
    """
    config = Config(checkpoint.config)
    family = VISION_FAMILIES.get(config.architecture)
    if family is None or not has_vision_tower(checkpoint):
        return None
    described = checkpoint.config.get("vision_config")
    if not isinstance(described, dict):
        raise ConversionError("config.json does not describe the vision tower (vision_config)")
    tower = tower_of(described)
    if tower.layers > len(checkpoint.tensors):
        raise ConversionError(
            f"config.json describes a vision tower of {tower.layers} layers, the checkpoint has fewer"
        )
    usage = family(tower, config)
    expected = tower.tensors(usage.layers, last_norm=usage.last_norm)
    found = _chosen(checkpoint.tensors, TOWER_PREFIXES, expected, usage.plus_one)
    found += _chosen(checkpoint.tensors, PROJECTOR_PREFIXES, usage.tensors, usage.plus_one)
    _refuse_unknown(checkpoint.tensors, tower, usage)
    mean, deviation = _color_statistics(checkpoint, tower)
    metadata = {
        "general.type": "mmproj",
        **tower.settings(usage.layers, mean, deviation),
        "clip.vision.projection_dim": config.width,
        **usage.settings,
    }
    if weight_type == "f32":
        return ProjectorPlan(metadata, tuple(found), WeightType.F32)
    return ProjectorPlan(metadata, tuple(map(widened, found)), WeightType.F16)


def _gemma3(tower: Tower, config: Config) -> _Usage:
    """Return how Gemma 3 uses its tower: the mean of each square of patches passes a norm and a matrix."""
    if tower.kind != "siglip":
        raise ConversionError(f"Gemma 3 with a vision tower of the type {tower.kind} is not imported")
    tokens = config.integer("mm_tokens_per_image", default=256)
    side = math.isqrt(tokens)
    if not side or side * side != tokens or tower.side % side:
        raise ConversionError(f"config.json: {tower.side}x{tower.side} patches cannot become {tokens} vectors")
    projection = ("mm.input_projection.weight", (tower.width, config.width))
    norm = ("mm.soft_emb_norm.weight", (tower.width,))
    return _Usage(
        {"clip.projector_type": "gemma3", "clip.vision.projector.scale_factor": tower.side // side},
        tower.layers,
        True,
        {"mm_input_projection_weight": projection, "mm_soft_emb_norm.weight": norm},
        frozenset({"mm.soft_emb_norm.weight"}),
    )


def _llava(tower: Tower, config: Config) -> _Usage:
    """Return how LLaVA uses its tower: the outputs of one of the last layers pass two matrices."""
    layer = config.get("vision_feature_layer")
    layer = -2 if layer is None else layer
    if not isinstance(layer, int) or isinstance(layer, bool) or not -tower.layers <= layer <= tower.layers:
        raise ConversionError("config.json: vision_feature_layer must be the number of one layer")
    used = layer if layer >= 0 else tower.layers + 1 + layer
    if not used:
        raise ConversionError("config.json: vision_feature_layer must be a layer, not what comes before the first")
    strategy = config.get("vision_feature_select_strategy") or "default"
    if strategy != ("default" if tower.has_class_embedding else "full"):
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
    return _Usage(settings, used, False, first | linear("linear_2", "mm.2", config.width, config.width))


VISION_FAMILIES: dict[str, Callable[[Tower, Config], _Usage]] = {
    "Gemma3ForConditionalGeneration": _gemma3,
    "LlavaForConditionalGeneration": _llava,
}
"""How a vision tower is used, by the first of `architectures`."""


def _chosen(
    tensors: Mapping[str, Tensor], prefixes: tuple[str, ...], expected: Tensors, plus_one: frozenset[str]
) -> list[OutputTensor]:
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


def _refuse_unknown(tensors: Mapping[str, Tensor], tower: Tower, usage: _Usage) -> None:
    """Refuse tensors of a vision tower that no known tensor accounts for: they would change the outputs."""
    known_names = {TOWER_PREFIXES: tower.tensors(tower.layers, last_norm=True), PROJECTOR_PREFIXES: usage.tensors}
    for name in filter(_VISION.search, tensors):
        known = False
        for prefixes, names in known_names.items():
            prefix = next((prefix for prefix in prefixes if name.startswith(prefix)), None)
            rest = name.removeprefix(prefix or "").removeprefix("vision_model.")
            known = known or (prefix is not None and (rest in names or rest.startswith(_UNUSED)))
        if not known:
            raise ConversionError(f'the tensor "{shown(name)}" does not belong to a vision tower of {tower.kind}')


def _color_statistics(checkpoint: Checkpoint, tower: Tower) -> tuple[list[float], list[float]]:
    """Return the mean and the standard deviation of each colour channel."""
    settings = checkpoint.settings("preprocessor_config.json")
    if not settings:
        nested = checkpoint.settings("processor_config.json").get("image_processor")
        settings = nested if isinstance(nested, dict) else {}
    found = []
    for key, default in zip(("image_mean", "image_std"), COLOR_STATISTICS[tower.kind], strict=True):
        value = settings.get(key, default)
        if not isinstance(value, list) or len(value) != len(default) or not all(map(finite32, value)):
            raise ConversionError(f"preprocessor_config.json: {key} must be {len(default)} numbers")
        found.append([float(one) for one in value])
    if not all(map(positive32, found[1])):
        raise ConversionError("preprocessor_config.json: image_std must be above 0")
    return found[0], found[1]
