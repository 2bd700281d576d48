"""llama.cpp's C API as plain Python objects: the only room that uses ctypes.

Another build of the kernels can take this room's place if it offers `LlamaModel`, `Context`, `Batch` and
`SamplerChain`.
"""

from paddock.engine.binding.batch import Batch
from paddock.engine.binding.context import MAX_SEQUENCES, BatchRejected, Context, ContextOptions
from paddock.engine.binding.library import CannotRead, LoadError, gpu_offload, is_gpu_build, start_library
from paddock.engine.binding.model import Adapter, LlamaModel
from paddock.engine.binding.sampler import SamplerChain

__all__ = [
    "MAX_SEQUENCES",
    "Adapter",
    "Batch",
    "BatchRejected",
    "CannotRead",
    "Context",
    "ContextOptions",
    "LlamaModel",
    "LoadError",
    "SamplerChain",
    "gpu_offload",
    "is_gpu_build",
    "start_library",
]
