"""What sentence-transformers' files say of a model that makes vectors.

`modules.json` names what a text goes through: the network, the pooling of its tokens' vectors, perhaps dense layers.
The files beside it say how much text the network takes.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from paddock.conversion.architectures.base import Architecture, Settings
from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.safetensors import shown
from paddock.conversion.checkpoint.tensors import Planned, whole
from paddock.conversion.errors import ConversionError

MEAN, CLS, LAST, RANK = 1, 2, 3, 4
"""llama.cpp's numbers."""

_MODES = {
    "pooling_mode_mean_tokens": MEAN,
    "pooling_mode_cls_token": CLS,
    "pooling_mode_lasttoken": LAST,
}
_NAMES = {"mean": MEAN, "cls": CLS, "lasttoken": LAST}
_ORDER = re.compile("Transformer Pooling( Dense)*( Normalize)?")
"""Of the modules that are imported. Whether vectors are normalised is decided by who asks for them."""
DENSE = ("dense_2", "dense_3")
"""llama.cpp's names of two dense layers."""
DEFAULT_FOLDER = "1_Pooling"
UNLIMITED = 1 << 31


@dataclass(frozen=True)
class Module:
    """One step from a text to its vector."""

    kind: str
    """The name of its class."""
    folder: str
    """Where its files lie in the checkpoint."""


def modules(checkpoint: Checkpoint) -> list[Module]:
    """Return the steps in their order; none if nothing is said of them.

    Raises:
        ConversionError: if the file that names them is broken.
    """
    listed = checkpoint.json("modules.json") or []
    found = []
    for module in listed if isinstance(listed, list) else [listed]:
        kind, folder = (module.get("type"), module.get("path")) if isinstance(module, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(folder, str | None):
            raise ConversionError("modules.json is no list of modules")
        found.append(Module(kind.rpartition(".")[2], (folder or "").strip("/")))
    return found


def as_embedder(architecture: Architecture, settings: Settings, checkpoint: Checkpoint, config: Config) -> Architecture:
    """Return how a checkpoint with these settings is imported: a model that writes text is another if its modules pool.

    Raises:
        ConversionError: if it has modules that are not imported.
    """
    if architecture.heads:
        return architecture
    kinds = [module.kind for module in modules(checkpoint)]
    if not architecture.embeds and "Pooling" not in kinds:
        return architecture
    if kinds and not _ORDER.fullmatch(" ".join(kinds)):
        raise ConversionError(f"the modules {shown(', '.join(kinds))} (modules.json) cannot be imported together")
    if "Dense" in kinds and not architecture.has_dense:
        raise ConversionError(f"a Dense module (modules.json) is not imported for {config.architecture}")
    sees_all = config.get("is_causal") is False or config.get("use_bidirectional_attention")
    if sees_all and settings.get("attention.causal") is not False:
        raise ConversionError(
            f"config.json: {config.architecture} in which tokens see those after them is not imported"
        )
    left_out = "|".join(filter(None, (architecture.left_out, r"^lm_head\.")))
    return replace(architecture, embeds=True, left_out=left_out)


def pooling(checkpoint: Checkpoint, architecture: Architecture, settings: Settings) -> int:
    """Return how the vectors of a text's tokens become one.

    If nothing is said of it, the mean where each token sees all others, else the last token's.

    Raises:
        ConversionError: if it is done in a way that the engine does not have.
    """
    if architecture.heads:
        return RANK
    described = checkpoint.settings(f"{_folder(checkpoint)}/config.json")
    name = described.get("pooling_mode")
    wanted = {_NAMES.get(name, -1)} if isinstance(name, str) else set()
    for key, value in described.items():
        if key.startswith("pooling_mode_") and value is True:
            wanted.add(_MODES.get(key, -1))
    if len(wanted) > 1 or -1 in wanted:
        raise ConversionError("the model pools in a way that is not imported (1_Pooling/config.json)")
    return wanted.pop() if wanted else MEAN if settings.get("attention.causal") is False else LAST


def longest_text(checkpoint: Checkpoint) -> int:
    """Return to how many tokens texts are cut, as far as that is said."""
    for file, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        value = checkpoint.settings(file).get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < UNLIMITED:
            return int(value)
    return UNLIMITED


def dense_layers(checkpoint: Checkpoint, width: int) -> tuple[list[Planned], Settings]:
    """Return the layers that a text's vector of `width` numbers goes through, and what has to be said of them.

    Raises:
        ConversionError: if they are not two plain ones, of which the second gives `width` numbers again.
    """
    layers = [module for module in modules(checkpoint) if module.kind == "Dense"]
    if not layers:
        return [], {}
    planned: list[Planned] = []
    settings: dict[str, Any] = {}
    given = width
    if len(layers) != len(DENSE):
        raise ConversionError(f"modules.json: {len(layers)} Dense modules are not imported, only {len(DENSE)}")
    for name, module in zip(DENSE, layers, strict=True):
        described = checkpoint.settings(f"{module.folder}/config.json")
        activation = described.get("activation_function", "Identity")
        if not str(activation).endswith("Identity"):
            raise ConversionError(f"{shown(module.folder)}: the activation {shown(str(activation))} is not imported")
        tensors = checkpoint.tensors_in(module.folder)
        if set(tensors) != {"linear.weight"}:
            held = ", ".join(sorted(tensors)) or "nothing"
            raise ConversionError(
                f"{shown(module.folder)}: safetensors with linear.weight are wanted, not {shown(held)}"
            )
        layer = whole(f"{name}.weight", tensors["linear.weight"])
        if len(layer.shape) != 2 or layer.shape[1] != given:
            raise ConversionError(f"{shown(module.folder)}: its matrix must take {given} numbers")
        settings |= {f"{name}_feat_in": given, f"{name}_feat_out": layer.shape[0]}
        given = layer.shape[0]
        planned.append(layer)
    if given != width:
        raise ConversionError(f"{shown(layers[-1].folder)}: its matrix must give {width} numbers")
    return planned, settings


def _folder(checkpoint: Checkpoint) -> str:
    found = (module.folder for module in modules(checkpoint) if module.kind == "Pooling")
    return next(found, DEFAULT_FOLDER) or DEFAULT_FOLDER
