"""Formats of tool calls: reading calls, and the constraint of a call that is forced."""
