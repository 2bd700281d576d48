"""What a model's metadata says about how to load it."""

from pathlib import Path

from paddock.fleet import ModelDimensions, RunnerFiles, RunnerSpec
from paddock.library.store.blobs import parse_digest
from paddock.library.store.model import Model
from paddock.service.capabilities import encoder_bytes, projector_file


def model_dimensions(model: Model) -> ModelDimensions:
    """Read the sizes that decide how much memory `model` needs."""
    gguf = model.gguf
    metadata, arch = gguf.metadata, gguf.architecture

    def number(key: str, otherwise: int = 0) -> int:
        value = metadata.get(f"{arch}.{key}")
        if isinstance(value, int):
            return value
        values = [v for v in getattr(value, "values", None) or () if isinstance(v, int)]
        return max(values, default=otherwise)

    heads = number("attention.head_count")
    embedding = number("embedding_length")
    head = embedding // heads if heads else 0
    kv_heads = number("attention.head_count_kv", heads)
    lengths = number("attention.key_length", head) + number("attention.value_length", head)
    tokens = metadata.get("tokenizer.ggml.tokens")
    projector = projector_file(model)
    others = {*model.adapter_paths, *([projector] if projector else [])} - {model.model_path}
    weights = gguf.file_size + sum(path.stat().st_size for path in others)
    if projector == model.model_path:
        weights += encoder_bytes(gguf)  # it is there twice while it is loaded
    return ModelDimensions(
        weights=weights,
        layers=number("block_count"),
        kv_length=kv_heads * lengths,
        embedding_length=embedding,
        heads=heads,
        vocabulary=getattr(tokens, "length", 0),
        train_context=number("context_length"),
    )


def runner_files(model: Model) -> RunnerFiles:
    """Return the digests of the files that a runner of `model` loads."""
    projector = projector_file(model)
    return RunnerFiles(
        _digest(model.model_path),
        tuple(map(_digest, model.adapter_paths)),
        _digest(projector) if projector is not None else "",
    )


def _digest(blob: Path) -> str:
    return parse_digest(blob.name)


def default_runner_spec(model: Model, details: object) -> RunnerSpec:
    """Return the runner that `model` needs, to be loaded with default options; `details` is for whoever lists it."""
    return RunnerSpec(
        name=model.name.short,
        digest=model.digest,
        files=runner_files(model),
        dimensions=model_dimensions(model),
        details=details,
    )
