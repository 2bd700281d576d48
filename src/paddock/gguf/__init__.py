"""The GGUF format: read the header of a file, write a new one, and know its types and Ollama's variants of it.

Every other package reads and writes GGUF headers here. Nothing here imports numpy or touches weights.
"""

from paddock.gguf.errors import BadGguf, DamagedModel, GgufError, NotGguf
from paddock.gguf.header import EncodedHeader, GgufArray, GgufHeader, GgufTensor
from paddock.gguf.reader import read_encoded, read_header

__all__ = [
    "BadGguf",
    "DamagedModel",
    "EncodedHeader",
    "GgufArray",
    "GgufError",
    "GgufHeader",
    "GgufTensor",
    "NotGguf",
    "read_encoded",
    "read_header",
]
