"""The files of sentence-transformers, which describe a model that makes embeddings.

`modules.json` lists the steps from a text to its embedding: the network, the pooling, perhaps dense layers. Other files
say how many tokens the network takes.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

from paddock.conversion.architectures.architecture import Architecture, Hyperparameters
from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.safetensors import shown
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import OutputTensor, whole

MEAN, CLS, LAST, RANK = 1, 2, 3, 4
"""llama.cpp's numbers of the ways to pool."""

_MODES = {
    "pooling_mode_mean_tokens": MEAN,
    "pooling_mode_cls_token": CLS,
    "pooling_mode_lasttoken": LAST,
}
_NAMES = {"mean": MEAN, "cls": CLS, "lasttoken": LAST}
_ORDER = re.compile("Transformer Pooling( Dense)*( Normalize)?")
"""Sequences of modules that are imported. Each embedding request decides itself whether to normalize."""
DENSE = ("dense_2", "dense_3")
"""llama.cpp's names of the two dense layers."""
DEFAULT_FOLDER = "1_Pooling"
UNLIMITED = 1 << 31


@dataclass(frozen=True)
class Module:
    """One step from a text to its embedding."""

    kind: str
    """Name of its class, without the module."""
    folder: str
    """Folder of its files in the checkpoint."""


def modules(checkpoint: Checkpoint) -> list[Module]:
    """Return the steps in their order; none if there is no `modules.json`.

    Raises:
        ConversionError: if that file is broken.
    """
    listed = checkpoint.json("modules.json") or []
    found = []
    for module in listed if isinstance(listed, list) else [listed]:
        kind, folder = (module.get("type"), module.get("path")) if isinstance(module, dict) else (None, None)
        if not isinstance(kind, str) or not isinstance(folder, str | None):
            raise ConversionError("modules.json is no list of modules")
        found.append(Module(kind.rpartition(".")[2], (folder or "").strip("/")))
    return found


def as_embedder(
    architecture: Architecture, settings: Hyperparameters, checkpoint: Checkpoint, config: Config
) -> Architecture:
    """Return the architecture for this checkpoint: a decoder becomes an embedder if its modules pool.

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
    bidirectional = config.get("is_causal") is False or config.get("use_bidirectional_attention")
    if bidirectional and settings.get("attention.causal") is not False:
        raise ConversionError(
            f"config.json: {config.architecture} in which tokens see those after them is not imported"
        )
    skipped = "|".join(filter(None, (architecture.skipped, r"^lm_head\.")))
    return replace(architecture, embeds=True, skipped=skipped)


def pooling_type(checkpoint: Checkpoint, architecture: Architecture, settings: Hyperparameters) -> int:
    """Return llama.cpp's number of how the outputs of a text's tokens become one embedding.

    The default is the mean for bidirectional attention, else the last token's output.

    Raises:
        ConversionError: if the engine does not have that way.
    """
    if architecture.heads:
        return RANK
    described = checkpoint.settings(f"{_pooling_folder(checkpoint)}/config.json")
    name = described.get("pooling_mode")
    modes = {_NAMES.get(name, -1)} if isinstance(name, str) else set()
    for key, value in described.items():
        if key.startswith("pooling_mode_") and value is True:
            modes.add(_MODES.get(key, -1))
    if len(modes) > 1 or -1 in modes:
        raise ConversionError("the model pools in a way that is not imported (1_Pooling/config.json)")
    return modes.pop() if modes else MEAN if settings.get("attention.causal") is False else LAST


def max_tokens(checkpoint: Checkpoint) -> int:
    """Return the number of tokens to which texts are truncated; `UNLIMITED` if no file says."""
    for file, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        value = checkpoint.settings(file).get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 1 <= value < UNLIMITED:
            return int(value)
    return UNLIMITED


def dense_layers(checkpoint: Checkpoint, width: int) -> tuple[list[OutputTensor], Hyperparameters]:
    """Return the dense layers that an embedding of `width` numbers passes, and the metadata that describes them.

    Raises:
        ConversionError: if they are not two plain ones, of which the second returns `width` numbers again.
    """
    layers = [module for module in modules(checkpoint) if module.kind == "Dense"]
    if not layers:
        return [], {}
    planned: list[OutputTensor] = []
    settings: dict[str, Any] = {}
    inputs = width
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
        if len(layer.shape) != 2 or layer.shape[1] != inputs:
            raise ConversionError(f"{shown(module.folder)}: its matrix must take {inputs} numbers")
        settings |= {f"{name}_feat_in": inputs, f"{name}_feat_out": layer.shape[0]}
        inputs = layer.shape[0]
        planned.append(layer)
    if inputs != width:
        raise ConversionError(f"{shown(layers[-1].folder)}: its matrix must give {width} numbers")
    return planned, settings


def _pooling_folder(checkpoint: Checkpoint) -> str:
    found = (module.folder for module in modules(checkpoint) if module.kind == "Pooling")
    return next(found, DEFAULT_FOLDER) or DEFAULT_FOLDER
