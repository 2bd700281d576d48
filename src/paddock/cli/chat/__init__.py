"""The chat that `paddock run` opens at a terminal: reading lines, slash commands, the conversation so far."""
