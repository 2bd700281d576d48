"""How the GGUF files of Ollama's own library differ from llama.cpp's, as far as several packages need to know.

The engine translates these files while it loads them (`paddock.engine.gguf_compat`).
"""

ENCODER_ARCHITECTURES = frozenset(
    {"deepseekocr", "gemma3", "gemma4", "glmocr", "llama4", "mistral3", "qwen25vl", "qwen35", "qwen35moe"}
    | {"qwen3vl", "qwen3vlmoe"}
)
"""Architectures whose image or audio encoder the engine loads from the model's own file."""

TEXT_ONLY_ARCHITECTURES = frozenset(["gemma3n", "nemotron_h_omni"])
"""Architectures whose file holds an encoder that the engine does not load yet."""

ENCODER_PREFIXES = ("v.", "a.", "mm.", "s.", "model.vision_tower.")
"""Prefixes of the names of tensors that belong to an image or audio encoder."""

RENAMED_ARCHITECTURES = frozenset(
    ["deepseekocr", "glm4moelite", "glmocr", "gptoss", "nemotron_h_omni", "olmo3", "qwen25vl"]
)
"""Architectures that llama.cpp knows by another name."""
