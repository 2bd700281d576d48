"""The interactive chat: reading lines, slash commands, the conversation so far."""
