"""Embeddings and reranking: texts to vectors or scores, in batches."""
