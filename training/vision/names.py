"""The names of the model and of its files."""

NAME = "tiny-vision"
TEXT, SIGHT = "tiny-vision.gguf", "tiny-vision-projector.gguf"
