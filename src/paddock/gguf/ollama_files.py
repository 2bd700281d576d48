"""Files of models as Ollama makes them, which are not as llama.cpp's are: what all of us have to know of them.

The engine reads these in spite of llama.cpp (`paddock.engine.gguf_compat`).
"""

ENCODERS_READ = frozenset(
    {"deepseekocr", "gemma3", "gemma4", "glmocr", "llama4", "mistral3", "qwen25vl", "qwen35", "qwen35moe"}
    | {"qwen3vl", "qwen3vlmoe"}
)
"""Architectures whose encoder is read out of the file."""

ONLY_TEXT_READ = frozenset(["gemma3n", "nemotron_h_omni"])
"""Architectures of which only the text is read yet."""

OF_ENCODERS = ("v.", "a.", "mm.", "s.", "model.vision_tower.")
"""How the names of tensors begin that are for pictures and recordings."""

OWN_NAMES = frozenset(["deepseekocr", "glm4moelite", "glmocr", "gptoss", "nemotron_h_omni", "olmo3", "qwen25vl"])
"""Architectures that llama.cpp knows by another name."""
