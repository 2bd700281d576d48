"""Reading checkpoints: safetensors files and the tensors in them."""
