"""What a model can do, read from its files."""

from pathlib import Path

from paddock.gguf import GgufError, GgufHeader
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, ENCODER_PREFIXES
from paddock.library.store.gguf_cache import cached_header
from paddock.library.store.manifests import BrokenModel
from paddock.library.store.model import Model
from paddock.service.parsers import parser_info
from paddock.workers.messages import TemplateFacts

RANK_POOLING = 4
"""llama.cpp's number for the pooling type of rerankers."""
RANKING_HEADS = ("cls.weight", "cls.output.weight")
"""Tensors of which a reranker has at least one."""


CAPABILITIES = ("completion", "tools", "insert", "vision", "embedding", "rerank", "thinking", "audio")
"""What a model may be able to do, in the order in which the API lists it."""


def with_template(found: frozenset[str], facts: TemplateFacts) -> tuple[str, ...]:
    """Return capabilities together with those that a template gives, in the order in which the API lists them."""
    shown = {"tools": facts.has_tools, "insert": facts.has_suffix, "thinking": facts.has_thinking}
    return tuple(name for name in CAPABILITIES if name in found or shown.get(name))


def file_capabilities(model: Model) -> frozenset[str]:
    """Return what the files of a model show, and the parser that it names; its template may add to them.

    Raises:
        BrokenModel: if a GGUF file cannot be read.
    """
    gguf = model.gguf
    parser = parser_info(model)
    embeds = _has(gguf, "pooling_type")
    has_vision, has_audio = _encoders(model)
    found = {
        "completion": not embeds,
        "tools": parser is not None and parser.has_tools,
        "vision": has_vision or _has(gguf, "vision.block_count"),
        "embedding": embeds and not ranks(gguf),
        "rerank": ranks(gguf),
        "thinking": parser is not None and parser.has_thinking,
        "audio": has_audio or _has(gguf, "audio.block_count"),
    }
    return frozenset(name for name, present in found.items() if present)


def ranks(gguf: GgufHeader) -> bool:
    """Return whether the model is a reranker: its metadata says so and it has the head that scores.

    Raises:
        BrokenModel: if the GGUF file cannot be read.
    """
    if gguf.metadata.get(f"{gguf.architecture}.pooling_type") != RANK_POOLING:
        return False
    return any(tensor.name in RANKING_HEADS for tensor in gguf.tensors)


def holds_encoder(gguf: GgufHeader) -> bool:
    """Return whether a model's file also holds a vision or audio encoder."""
    return any(tensor.name.startswith(("v.", "a.")) for tensor in gguf.tensors)


def encoder_bytes(gguf: GgufHeader) -> int:
    """Return the bytes of a file that belong to vision or audio encoders."""
    return sum(tensor.size for tensor in gguf.tensors if tensor.name.startswith(ENCODER_PREFIXES))


def projector_file(model: Model) -> Path | None:
    """Return the file that turns images and audio into embeddings; None if the model takes neither.

    It may be the model's own file.
    """
    if model.projector_paths:
        return model.projector_paths[0]
    inside = model.gguf.architecture in ENCODER_ARCHITECTURES and holds_encoder(model.gguf)
    return model.model_path if inside else None


def _encoders(model: Model) -> tuple[bool, bool]:
    """Return whether the projector has a vision encoder, and whether it has an audio encoder.

    A projector that names neither dates from before there was audio: it has vision.
    """
    if not model.projector_paths:
        return False, False
    try:
        metadata = cached_header(model.projector_paths[0]).metadata
    except GgufError as error:
        raise BrokenModel(model.name, f"its projector cannot be read ({error})") from None
    except OSError as error:
        raise BrokenModel(model.name, f"its projector cannot be read ({error.strerror})") from None
    has_audio = metadata.get("clip.has_audio_encoder") is True
    return metadata.get("clip.has_vision_encoder", not has_audio) is True, has_audio


def _has(gguf: GgufHeader, key: str) -> bool:
    return f"{gguf.architecture}.{key}" in gguf.metadata
