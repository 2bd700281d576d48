"""The routes of the rerank dialect."""
