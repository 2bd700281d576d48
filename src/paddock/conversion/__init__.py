"""Conversion of checkpoints and adapters in safetensors to GGUF files.

Nothing here runs inside the server's process: `library` starts the programs in `workers`, and `paddock convert` calls
`importing` directly.
"""
