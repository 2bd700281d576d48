"""Making models: from a Modelfile, a checkpoint, an adapter or parts of a split GGUF file."""
