"""A checkpoint in safetensors made into a GGUF file."""

from collections.abc import Callable

from paddock.conversion.architectures.base import Architecture, Settings
from paddock.conversion.architectures.catalog import architecture_of
from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.checkpoint.sentence_transformers import as_embedder, dense_layers, longest_text, pooling
from paddock.conversion.checkpoint.tensors import Kind
from paddock.conversion.errors import ConversionError
from paddock.conversion.plan import plan
from paddock.conversion.tokenizers import read_vocabulary
from paddock.conversion.writer import Sink, write_gguf

KINDS = {"f32": Kind.F32, "f16": Kind.F16, "bf16": Kind.BF16}
"""The forms in which weights can be written."""


def import_checkpoint(
    checkpoint: Checkpoint,
    sink: Sink,
    kind: str = "f16",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the checkpoint as a GGUF file to `sink`, from its beginning to its end.

    All that can be known beforehand is checked before the first byte is written. `progress` gets bytes: written, all.

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
        settings["context_length"] = min(settings["context_length"], longest_text(checkpoint))
        settings["pooling_type"] = pooling(checkpoint, architecture, settings)
    tensors = plan(checkpoint.tensors, architecture, config, settings["context_length"])
    if architecture.has_dense:
        more, described = dense_layers(checkpoint, config.width)
        tensors, settings = [*tensors, *more], settings | described
    embeddings = next(tensor for tensor in tensors if tensor.name == "token_embd.weight")
    vocabulary = read_vocabulary(checkpoint, config, embeds=architecture.embeds, size=embeddings.shape[0])
    if settings.get("attention.causal") is False:
        types = next((tensor.shape[0] for tensor in tensors if tensor.name == "token_types.weight"), 0)
        vocabulary.settings["token_type_count"] = types
    if "vocab_size" in settings:
        settings["vocab_size"] = embeddings.shape[0]
    metadata = _general(config, checkpoint) | _named(architecture, settings) | vocabulary.metadata()
    write_gguf(sink, architecture.name, metadata, tensors, KINDS[kind], progress)


def _general(config: Config, checkpoint: Checkpoint) -> Settings:
    name = config.get("_name_or_path")
    named = isinstance(name, str) and name and not name.startswith((".", "/"))
    return {"general.type": "model"} | ({"general.name": str(name).rpartition("/")[2]} if named else {})


def _named(architecture: Architecture, settings: Settings) -> Settings:
    return {f"{architecture.name}.{key}": value for key, value in settings.items() if value is not None}
