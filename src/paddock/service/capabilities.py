"""What a model can do, read from its files."""

from pathlib import Path

from paddock.gguf import GgufError, GgufHeader
from paddock.gguf.ollama_files import ENCODER_ARCHITECTURES, ENCODER_PREFIXES
from paddock.library.store.gguf_cache import cached_header
from paddock.library.store.manifests import BrokenModel
from paddock.library.store.model import Model
from paddock.parsing import is_harmony, thinking_tags_of_chat_template
from paddock.service.parsers import parser_info
from paddock.templates.go.analysis import analyse
from paddock.templates.jinja.chat_template import ChatTemplate, chat_template

RANK_POOLING = 4
"""llama.cpp's number for the pooling type of rerankers."""
RANKING_HEADS = ("cls.weight", "cls.output.weight")
"""Tensors of which a reranker has at least one."""


def capabilities(model: Model) -> tuple[str, ...]:
    """Return the capabilities in the order in which the API lists them.

    Raises:
        BrokenModel: if a GGUF file cannot be read.
    """
    gguf = model.gguf
    variables = analyse(model.template or "").variables
    parser = parser_info(model)
    jinja = _chat_template(model)
    embeds = _has(gguf, "pooling_type")
    has_vision, has_audio = _encoders(model)
    found = {
        "completion": not embeds,
        "tools": "tools" in variables
        or (parser is not None and parser.has_tools)
        or (jinja is not None and jinja.mentions_tools),
        "insert": "suffix" in variables,
        "vision": has_vision or _has(gguf, "vision.block_count"),
        "embedding": embeds and not ranks(gguf),
        "rerank": ranks(gguf),
        "thinking": bool(variables & {"thinking", "think"})
        or (parser is not None and parser.has_thinking)
        or (jinja is not None and _thinks(jinja)),
        "audio": has_audio or _has(gguf, "audio.block_count"),
    }
    return tuple(name for name, present in found.items() if present)


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


def _chat_template(model: Model) -> ChatTemplate | None:
    """Return the chat template of the GGUF file, if the model uses it: it has neither a TEMPLATE nor a renderer."""
    source = model.gguf.metadata.get("tokenizer.chat_template")
    if model.template is not None or model.config.renderer or not isinstance(source, str):
        return None
    return chat_template(source)


def _thinks(jinja: ChatTemplate) -> bool:
    tags = thinking_tags_of_chat_template(jinja.source)
    return jinja.mentions_thinking or tags is not None or is_harmony(jinja.source)


def _has(gguf: GgufHeader, key: str) -> bool:
    return f"{gguf.architecture}.{key}" in gguf.metadata
