"""Importing a checkpoint in safetensors: the language model as a GGUF file, and its vision tower as a projector."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from paddock.conversion.architectures.architecture import Architecture, Hyperparameters
from paddock.conversion.architectures.catalog import architecture_of
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.tensor_plan import plan_tensors
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.output.tensors import WeightType
from paddock.conversion.output.writer import ByteSink, ReportBytes, ignore_progress, write_gguf
from paddock.conversion.sentence_transformers import as_embedder, dense_layers, max_tokens, pooling_type
from paddock.conversion.tokenizers import read_vocabulary
from paddock.conversion.vision.projector import VISION_FAMILIES, has_vision_tower, plan_projector

WEIGHT_TYPES = {"f32": WeightType.F32, "f16": WeightType.F16, "bf16": WeightType.BF16}
"""Types in which weights can be written, by the names that users give."""


def import_checkpoint(
    checkpoint: Checkpoint,
    model: ByteSink,
    open_projector: Callable[[], AbstractContextManager[ByteSink]] | None,
    weight_type: str = "f16",
    progress: ReportBytes = ignore_progress,
) -> bool:
    """Write the language model to `model` and its projector to what `open_projector` opens.

    Everything that can be checked before writing is checked before the first byte is written.

    Args:
        open_projector: None if no projector is to be made; not called if the checkpoint has no vision tower.

    Returns:
        Whether a projector was written.

    Raises:
        ConversionError: if the checkpoint cannot be imported; the message says why.
        OSError: if a file cannot be read, or a sink not written.
    """
    planned = plan_projector(checkpoint, weight_type) if open_projector is not None else None
    projector_size, model_size = planned.size if planned is not None else 0, 0

    def report_model(done: int, total: int) -> None:
        nonlocal model_size
        model_size = total
        progress(done, total + projector_size)

    import_language_model(checkpoint, model, weight_type, report_model)
    if planned is None or open_projector is None:
        return False
    with open_projector() as sink:
        planned.write(sink, lambda done, total: progress(model_size + done, model_size + total))
    return True


def import_language_model(
    checkpoint: Checkpoint,
    sink: ByteSink,
    weight_type: str = "f16",
    progress: ReportBytes = ignore_progress,
) -> None:
    """Write the language model of a checkpoint to `sink` as a GGUF file, from its start to its end.

    Everything that can be checked before writing is checked before the first byte is written.

    Raises:
        ConversionError: if it cannot be imported; the message says why.
        OSError: if a file cannot be read, or the sink not written.
    """
    config = Config(checkpoint.config)
    architecture = architecture_of(config)
    settings = architecture.settings(config)
    architecture = as_embedder(architecture, settings, checkpoint, config)
    if settings["attention.head_count"] == 0 or settings["block_count"] == 0:
        raise ConversionError("config.json describes a network without layers or heads")
    if architecture.embeds:
        settings["context_length"] = min(settings["context_length"], max_tokens(checkpoint))
        settings["pooling_type"] = pooling_type(checkpoint, architecture, settings)
    tensors = plan_tensors(checkpoint.tensors, architecture, config, settings["context_length"])
    if architecture.has_dense:
        dense, dense_settings = dense_layers(checkpoint, config.width)
        tensors, settings = [*tensors, *dense], settings | dense_settings
    embeddings = next(tensor for tensor in tensors if tensor.name == "token_embd.weight")
    vocabulary = read_vocabulary(checkpoint, config, embeds=architecture.embeds, size=embeddings.shape[0])
    if settings.get("attention.causal") is False:
        types = next((tensor.shape[0] for tensor in tensors if tensor.name == "token_types.weight"), 0)
        vocabulary.settings["token_type_count"] = types
    if "vocab_size" in settings:
        settings["vocab_size"] = embeddings.shape[0]
    metadata = _general(config) | _prefixed(architecture, settings) | vocabulary.metadata()
    write_gguf(sink, architecture.name, metadata, tensors, WEIGHT_TYPES[weight_type], progress)


def vision_remark(checkpoint: Checkpoint) -> str:
    """Return what a user who imports a checkpoint should know about its vision tower, or "".

    Raises:
        ConversionError: if the checkpoint is broken.
    """
    name = Config(checkpoint.config).architecture
    if name in VISION_FAMILIES and not has_vision_tower(checkpoint):
        return "the checkpoint has no vision tower: the model will not see pictures"
    if name not in VISION_FAMILIES and has_vision_tower(checkpoint):
        return f"leaving out the vision tower, which {name} does not use"
    return ""


def _general(config: Config) -> Hyperparameters:
    name = config.get("_name_or_path")
    named = isinstance(name, str) and name and not name.startswith((".", "/"))
    return {"general.type": "model"} | ({"general.name": str(name).rpartition("/")[2]} if named else {})


def _prefixed(architecture: Architecture, settings: Hyperparameters) -> Hyperparameters:
    return {f"{architecture.name}.{key}": value for key, value in settings.items() if value is not None}
