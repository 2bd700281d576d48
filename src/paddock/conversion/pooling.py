"""What sentence-transformers' files say of a model that makes vectors: how to pool, how much text it takes."""

from typing import Any

from paddock.conversion.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError

MEAN, CLS, LAST, RANK = 1, 2, 3, 4
"""llama.cpp's numbers."""

_MODES = {
    "pooling_mode_mean_tokens": MEAN,
    "pooling_mode_cls_token": CLS,
    "pooling_mode_lasttoken": LAST,
}
_NAMES = {"mean": MEAN, "cls": CLS, "lasttoken": LAST}
DEFAULT_FOLDER = "1_Pooling"
UNLIMITED = 1 << 31


def pooling(checkpoint: Checkpoint) -> int:
    """Return how the vectors of a text's tokens become one; the mean if nothing is said.

    Raises:
        ConversionError: if it is done in a way that the engine does not have.
    """
    settings = checkpoint.settings(f"{_folder(checkpoint)}/config.json")
    name = settings.get("pooling_mode")
    wanted = {_NAMES.get(name, -1)} if isinstance(name, str) else set()
    for key, value in settings.items():
        if key.startswith("pooling_mode_") and value is True:
            wanted.add(_MODES.get(key, -1))
    if len(wanted) > 1 or -1 in wanted:
        raise ConversionError("the model pools in a way that is not imported (1_Pooling/config.json)")
    return wanted.pop() if wanted else MEAN


def longest_text(checkpoint: Checkpoint) -> int:
    """Return to how many tokens texts are cut, as far as that is said."""
    for file, key in (("sentence_bert_config.json", "max_seq_length"), ("tokenizer_config.json", "model_max_length")):
        value = checkpoint.settings(file).get(key)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < UNLIMITED:
            return int(value)
    return UNLIMITED


def _folder(checkpoint: Checkpoint) -> str:
    modules: Any = checkpoint.json("modules.json")
    for module in modules if isinstance(modules, list) else ():
        if isinstance(module, dict) and str(module.get("type", "")).endswith("Pooling"):
            return str(module.get("path") or DEFAULT_FOLDER)
    return DEFAULT_FOLDER
