"""Making models: from other models, GGUF files and their shards, checkpoints in safetensors, and LoRA adapters."""
