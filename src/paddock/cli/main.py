"""The entry point: runs one command line and turns its errors into messages and an exit status."""

import os
import sys
from contextlib import suppress
from functools import cache
from typing import Any, NoReturn

import typer.main

from paddock.cli.app import app
from paddock.cli.errors import CommandError, UsageError
from paddock.cli.flags import HelpShown, unknown_command
from paddock.cli.terminal.screen import is_terminal, use_utf8
from paddock.settings import InvalidSetting

_ALIASES = {"ls": "list", "start": "serve"}
_INTERRUPTED = 130  # what shells report for a command that SIGINT ended
_BROKEN_PIPE = 141  # the same for SIGPIPE


def main() -> NoReturn:
    """Run the command line of this process and exit with its status."""
    use_utf8()
    sys.exit(run_command(sys.argv[1:]))


def run_command(args: list[str]) -> int:
    """Run one command line; print its error, if there is one; return the exit status."""
    try:
        _dispatch(args)
        sys.stdout.flush()
    except HelpShown:
        return 0
    except (CommandError, InvalidSetting) as error:
        with suppress(OSError):
            sys.stdout.flush()
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, CommandError) else 1
    except KeyboardInterrupt:
        if is_terminal(sys.stderr):
            print(file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader has closed the pipe. Without this, Python would fail again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0


def _dispatch(args: list[str]) -> None:
    match args:
        case [] | ["--help" | "-h" | "help"]:
            print(_root_context().get_help())
        case ["help", name, *_]:
            command = _command(name)
            print(command.make_context(command.name, [], parent=_root_context(), resilient_parsing=True).get_help())
        case ["--version" | "-v", *_]:
            from paddock.cli.commands.version import print_version

            print_version()
        case [flag, *_] if flag.startswith("--"):
            raise UsageError(f"unknown flag: {flag.partition('=')[0]}")
        case [flag, *_] if flag.startswith("-"):
            raise UsageError(f"unknown shorthand flag: '{flag[1:2]}' in {flag}")
        case [name, *rest]:
            command = _command(name)
            with command.make_context(command.name, rest, parent=_root_context()) as context:
                command.invoke(context)


def _command(name: str) -> Any:
    commands = _root_context().command.commands
    command = commands.get(_ALIASES.get(name, name))
    if command is None:
        raise unknown_command(name, list(commands))
    return command


@cache
def _root_context() -> Any:
    group: Any = typer.main.get_command(app)
    return group.make_context("paddock", [], resilient_parsing=True)
