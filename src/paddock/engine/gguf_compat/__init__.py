"""Files of Ollama's library translated to llama.cpp's form while they are loaded; nothing is written to disk."""

from paddock.engine.gguf_compat.translated_file import TranslatedFile
from paddock.engine.gguf_compat.translation import translated_model, translated_projector

__all__ = ["TranslatedFile", "translated_model", "translated_projector"]
