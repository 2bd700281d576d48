"""Reading a command's arguments by the rules of Go's pflag and Cobra, which Ollama's command line has.

Flags may stand anywhere, `--flag=false` is understood, and the error texts are Cobra's, because scripts match them.
Typer holds the commands' names, flags and help. Its own parser is not used: its conversion of values would import
pydantic first.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from typer.core import TyperCommand, TyperGroup

from paddock.cli.errors import UsageError

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_HELP_FLAG = ("-h, --help", "Show this message.")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


class HelpShown(Exception):
    """The arguments contained `--help`, and the help has been printed."""


class CobraCommand(TyperCommand):
    """A command with flags (its parameters) and positional arguments (its context's `args`)."""

    usage: ClassVar[str] = ""
    """Positional arguments as the help writes them, such as `MODEL [PROMPT]`."""
    min_args: ClassVar[int] = 0
    max_args: ClassVar[int | None] = 0
    """Largest number of positional arguments; None for any number."""
    no_option_values: ClassVar[dict[str, str]] = {}
    """Values of flags that are given without one: `--think` is `--think=true`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Set the context's parameters and positional arguments from `args`.

        Raises:
            UsageError: with Cobra's words.
            HelpShown: after `--help`.
        """
        if ctx.resilient_parsing:
            return []
        flags = {opt: param for param in self.params for opt in param.opts}
        values: dict[str, Any] = {param.name or "": param.get_default(ctx) for param in self.params}
        positional = []
        for flag, text in self._split(args, flags):
            if flag == "--help":
                print(ctx.get_help())
                raise HelpShown
            if flag:
                param: Any = flags[flag]
                values[param.name] = _boolean(param.opts, text) if param.is_flag else text
            else:
                positional.append(text)
        self._check_count(len(positional))
        ctx.params.update(values)
        ctx.args = positional
        return positional

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the line `Usage: paddock show MODEL [flags]`."""
        formatter.write_usage(ctx.command_path, f"{self.usage} [flags]".strip())

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the section of the flags."""
        records = [param.get_help_record(ctx) for param in self.params]
        with formatter.section("Flags"):
            formatter.write_dl([*(record for record in records if record), _HELP_FLAG])

    def _split(self, args: list[str], flags: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """Yield each flag with its value, and each positional argument with an empty flag name."""
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                yield from (("", text) for text in rest)
            elif arg.startswith("--"):
                yield self._long(arg, flags, rest)
            elif arg.startswith("-") and len(arg) > 1:
                yield from self._short(arg, flags, rest)
            else:
                yield "", arg

    def _long(self, arg: str, flags: dict[str, Any], rest: Iterator[str]) -> tuple[str, str]:
        flag, equals, text = arg.partition("=")
        if arg[2] in "-=":
            raise UsageError(f"bad flag syntax: {arg}")
        if flag == "--help":
            return flag, ""
        if flag not in flags:
            raise UsageError(f"unknown flag: {flag}")
        if equals:
            return flag, text
        value = self._no_option_value(flags[flag])
        if value is None:
            value = next(rest, None)
        if value is None:
            raise UsageError(f"flag needs an argument: {flag}")
        return flag, value

    def _short(self, arg: str, flags: dict[str, Any], rest: Iterator[str]) -> Iterator[tuple[str, str]]:
        letters = arg[1:]
        while letters:
            flag, following = f"-{letters[0]}", letters[1:]
            if flag not in flags:
                if flag == "-h":
                    yield "--help", ""
                raise UsageError(f"unknown shorthand flag: {letters[0]!r} in -{letters}")
            value = self._no_option_value(flags[flag])
            if len(following) > 1 and following[0] == "=":
                yield flag, following[1:]
                return
            if value is None:
                text = following or next(rest, None)
                if text is None:
                    raise UsageError(f"flag needs an argument: {letters[0]!r} in -{letters}")
                yield flag, text
                return
            yield flag, value
            letters = following

    def _no_option_value(self, param: Any) -> str | None:
        return "true" if param.is_flag else self.no_option_values.get(param.name)

    def _check_count(self, count: int) -> None:
        if self.max_args is not None and self.min_args == self.max_args and count != self.max_args:
            raise UsageError(f"accepts {self.max_args} arg(s), received {count}")
        if count < self.min_args:
            raise UsageError(f"requires at least {self.min_args} arg(s), only received {count}")


class CobraGroup(TyperGroup):
    """The `paddock` command with all its subcommands. `main` reads its arguments."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave the arguments as they are."""
        ctx.args = args
        return args

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the line `Usage: paddock COMMAND [ARGS] [flags]`."""
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS] [flags]")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the sections of the commands and the flags."""
        self.format_commands(ctx, formatter)
        with formatter.section("Flags"):
            formatter.write_dl([("-v, --version", "Show the version."), _HELP_FLAG])


def command_class(usage: str, min_args: int, max_args: int | None, **no_option_values: str) -> type[CobraCommand]:
    """Return a class of commands with this usage line and this number of positional arguments."""
    fields = {"usage": usage, "min_args": min_args, "max_args": max_args, "no_option_values": no_option_values}
    return type("CobraCommand", (CobraCommand,), fields)


def unknown_command(name: str, commands: list[str]) -> UsageError:
    """Return the error for a command that does not exist, with the commands that are spelled like it."""
    similar = [c for c in commands if c.startswith(name.lower()) or _edit_distance(name.lower(), c) <= 2]
    suggestions = "".join(f"\t{c}\n" for c in sorted(similar))
    return UsageError(
        f'unknown command "{name}" for "paddock"' + (f"\n\nDid you mean this?\n{suggestions}" if similar else "")
    )


def _boolean(opts: list[str], text: str) -> bool:
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    names = ", ".join(sorted(opts, key=len))
    raise UsageError(
        f'invalid argument "{text}" for "{names}" flag: strconv.ParseBool: parsing "{text}": invalid syntax'
    )


def _edit_distance(a: str, b: str) -> int:
    """Return the Levenshtein distance: the fewest letters to insert, delete or replace to turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (x != y))
    return row[-1]
