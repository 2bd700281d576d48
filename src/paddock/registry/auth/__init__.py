"""Who this user is to a registry: keys, passwords, tokens."""
