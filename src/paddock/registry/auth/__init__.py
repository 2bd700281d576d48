"""Authorization at registries: keys, passwords, tokens."""
