"""The KV cache: what its kinds can share, truncate, shift and save, and which prefixes it holds."""
