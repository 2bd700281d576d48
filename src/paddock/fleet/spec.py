"""What a request needs of a runner: which files, how long a context, which loading options."""

from dataclasses import dataclass, field
from typing import NamedTuple

from paddock.fleet.dimensions import ModelDimensions


@dataclass(frozen=True)
class LoadOptions:
    """The options of a request that change how a model is loaded: another value needs the model loaded anew."""

    gpu_layers: int = -1
    """Number of layers to offload to the GPU; -1: all."""
    main_gpu: int = 0
    use_mmap: bool = True
    use_mlock: bool = False
    threads: int = 0
    """0: as many as there are cores."""


class RunnerFiles(NamedTuple):
    """The digests of the files that a runner loads. Models that share their files share a runner."""

    model: str
    adapters: tuple[str, ...] = ()
    projector: str = ""
    """The file that turns images and audio into embeddings; "" if there is none. It may be the model's own file."""


@dataclass(frozen=True)
class RunnerSpec:
    """The runner that a request needs."""

    name: str
    """The model's name, for listings and the log."""
    digest: str
    """Digest of the model's manifest, for listings: 64 hexadecimal digits."""
    files: RunnerFiles
    dimensions: ModelDimensions
    context_length: int = 4096
    """Most tokens of prompt and reply."""
    batch_tokens: int = 512
    """Most tokens that one step computes."""
    options: LoadOptions = LoadOptions()
    details: object = field(default=None, compare=False)
    """What a listing of loaded models says about the model."""

    def needs_load_of(self, other: "RunnerSpec") -> bool:
        """Return whether a load for `other`, of the same files, is just the one for this spec."""
        return (self.context_length, self.options) == (other.context_length, other.options)
