"""What a conversion writes: planned tensors, converted block by block, and the GGUF file around them."""
