"""Writing to a terminal: width, word wrap, tables, progress, replies."""
