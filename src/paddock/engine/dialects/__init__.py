"""Files of models as Ollama's library has them, shown to llama.cpp as it wants them: nothing is written anew."""

from paddock.engine.dialects.translation import model_view, projector_view
from paddock.engine.dialects.view import View

__all__ = ["View", "model_view", "projector_view"]
