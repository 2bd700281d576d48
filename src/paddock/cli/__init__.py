"""What a person types: commands, the chat prompt, progress. Talks HTTP to the server, like any client.

`main` is the entry point; each command lives in a module that is imported when the command runs, so that
`paddock list` pays for nothing that it does not use.
"""
