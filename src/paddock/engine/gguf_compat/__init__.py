"""Files of models as Ollama's library has them, shown to llama.cpp as it wants them: nothing is written anew."""

from paddock.engine.gguf_compat.translated_file import View
from paddock.engine.gguf_compat.translation import model_view, projector_view

__all__ = ["View", "model_view", "projector_view"]
