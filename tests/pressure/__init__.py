"""Attacks on a running server: many models at once, files and texts of strangers, slow neighbours."""
