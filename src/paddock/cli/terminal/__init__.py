"""Output to a terminal or a pipe: tables, replies, progress, word wrap, and numbers as people read them."""
