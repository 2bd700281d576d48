"""Models that have what they see or hear with inside their GGUF file, as Ollama makes them.

The engine reads these in spite of llama.cpp, which wants two files (`paddock.engine.dialects`).
"""

WITH_EYES_OR_EARS = frozenset(
    (
        *("deepseekocr", "gemma3", "gemma4", "glmocr", "llama4", "mistral3"),
        *("qwen25vl", "qwen35", "qwen35moe", "qwen3vl", "qwen3vlmoe"),
    )
)
"""Architectures whose encoder is read out of the file."""

WITHOUT = frozenset(["gemma3n", "nemotron_h_omni"])
"""Architectures of which only the text is read yet."""
