"""Parsing of replies, while the model generates them, into content, thinking and tool calls.

A model's `ReplyFormat` says how its replies are parsed, and how a call is written that it is forced to make. It is
found by the name of a parser in the model's configuration (`named_parser`), or inferred from its Go or Jinja template.

Users import the modules that they need: together they take 20 ms to import, which a server spends at its first model.
"""
