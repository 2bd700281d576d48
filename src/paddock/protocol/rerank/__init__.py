"""The rerank dialect: `/api/rerank` and `/v1/rerank`. Ollama has neither."""
