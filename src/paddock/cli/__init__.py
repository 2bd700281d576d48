"""The `paddock` command. It talks HTTP to the server, like any client.

- `main` runs one command line, `app` declares the commands, `flags` reads their arguments.
- `commands` holds a module for each command, which is imported when that command runs.
- `chat` is the conversation that `paddock run` opens at a terminal.
- `terminal` formats and prints: tables, replies, progress.

Imports go down this list. What all commands share (`client`, `errors`, `loading`, `run_options`, `prompt_files`)
lies between `chat` and `terminal`.
"""
