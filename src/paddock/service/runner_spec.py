"""What a model's metadata says about how to load it."""

from pathlib import Path

from paddock.fleet import LoadOptions, ModelDimensions, RunnerSpec, files_of_runner
from paddock.library.store.library import Model
from paddock.service.capabilities import encoder_bytes, projector_file
from paddock.service.options import InferenceOptions


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
    beside = map(Path, runner_files(model)[1:])
    weights = gguf.file_size + sum(path.stat().st_size for path in beside)
    if projector_file(model) == model.model_path:
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


def runner_files(model: Model) -> tuple[str, ...]:
    """Return the paths by which the fleet knows the runner of `model` (`RunnerSpec.files`)."""
    adapters = tuple(map(str, model.adapter_paths))
    return files_of_runner(str(model.model_path), adapters, str(projector_file(model) or ""))


def runner_spec(model: Model, options: InferenceOptions, details: dict[str, object]) -> RunnerSpec:
    """Say which runner a request with these options needs."""
    return RunnerSpec(
        name=model.name.short,
        digest=model.digest,
        model=str(model.model_path),
        dimensions=model_dimensions(model),
        adapters=tuple(map(str, model.adapter_paths)),
        projector=str(projector_file(model) or ""),
        context_length=options.num_ctx,
        batch_tokens=options.num_batch,
        options=LoadOptions(
            gpu_layers=options.num_gpu,
            main_gpu=options.main_gpu,
            use_mmap=options.use_mmap,
            use_mlock=options.use_mlock,
            threads=options.num_thread,
        ),
        details=details,
    )
