"""Files from elsewhere made into what the engine reads: checkpoints, adapters and quantized models as GGUF.

Nothing here runs inside the server's process: `library` starts `worker` for it, `paddock convert` calls it directly.
"""
