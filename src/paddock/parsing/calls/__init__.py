"""Notations of tool calls: reading them, and the grammar of a call that is required."""
