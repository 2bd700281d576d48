"""The catalog of architectures that can be imported, put together from the modules of the families.

Each row is verified: `tests/conversion` compares logits or embeddings with transformers'.
"""

from paddock.conversion.architectures import bert, gemma, llama, phi, qwen
from paddock.conversion.architectures.architecture import Architecture
from paddock.conversion.architectures.config import Config
from paddock.conversion.architectures.llava import LLAVA, llava_architecture
from paddock.conversion.errors import ConversionError

FAMILIES = (llama, qwen, gemma, phi, bert)
_ROWS = [row for family in FAMILIES for row in family.ARCHITECTURES.items()]
ARCHITECTURES: dict[str, Architecture] = dict(sorted(_ROWS, key=lambda row: row[1].embeds))
"""By the first of `architectures` in `config.json`; models that write text come first."""

DECODERS: dict[str, Architecture] = {
    architecture.name: architecture for architecture in ARCHITECTURES.values() if not architecture.embeds
}
"""Architectures that write text, by llama.cpp's name."""


def architecture_of(config: Config) -> Architecture:
    """Return how a checkpoint is imported.

    Raises:
        ConversionError: naming the architecture, if it cannot be imported.
    """
    name = config.architecture
    found = llava_architecture(config) if name == LLAVA else ARCHITECTURES.get(name)
    if found is None:
        supported = ", ".join([*ARCHITECTURES, LLAVA])
        raise ConversionError(f'the architecture "{name[:80]}" cannot be imported; supported: {supported}')
    return found
