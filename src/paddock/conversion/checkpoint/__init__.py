"""Reading checkpoints: their files, tensors in safetensors, and the settings of sentence-transformers."""
