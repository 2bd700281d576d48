"""The options of a request or a model, whatever protocol or file they came from."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options as somebody set them. None: not set, so that the next in line decides (request, model, settings)."""

    seed: int | None = None
    temperature: float | None = None
    top_n_sigma: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    min_p: float | None = None
    typical_p: float | None = None
    repeat_last_n: int | None = None
    """Newest tokens that the penalties look at; -1: the whole context."""
    repeat_penalty: float | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    mirostat: int | None = None
    mirostat_tau: float | None = None
    mirostat_eta: float | None = None
    max_tokens: int | None = None
    """Most tokens of the reply; 0 or less: until the model stops."""
    stop: tuple[str, ...] | None = None
    """Texts that end the reply and are not part of it."""
    context_length: int | None = None
    """Most tokens of prompt and reply."""
    keep_tokens: int | None = None
    """Tokens at the beginning that stay when the context is shifted or cut; negative: the whole prompt."""
    cache_prompt: bool | None = None
    """Whether computed tokens of earlier requests may be reused."""
    batch_tokens: int | None = None
    """Tokens computed in one step."""
    gpu_layers: int | None = None
    main_gpu: int | None = None
    threads: int | None = None
    use_mmap: bool | None = None
    use_mlock: bool | None = None


NO_OPTIONS = Options()
"""Nothing is set."""
