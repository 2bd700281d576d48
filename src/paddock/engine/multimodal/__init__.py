"""Images and audio: decoding files, their placeholders in a prompt, encoding them to embeddings."""
