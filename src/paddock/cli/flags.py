"""Commands whose arguments are read the way Ollama's users know: flags anywhere, `--flag=false`, its error texts.

Typer holds what a command is called, what it takes and what its help says. Reading the arguments is done here (after
the rules of Go's pflag and Cobra), because scripts match these texts, and because Typer's own conversion of values
would load pydantic first.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

from typer.core import TyperCommand, TyperGroup

from paddock.cli.errors import UsageError

_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")


class HelpShown(Exception):
    """The arguments asked for help, which has been printed."""


class Command(TyperCommand):
    """A command that takes flags (its parameters) and words (in its context's `args`)."""

    usage: ClassVar[str] = ""
    least: ClassVar[int] = 0
    most: ClassVar[int | None] = 0
    bare: ClassVar[dict[str, str]] = {}
    """What a flag that takes a value means where it has none: `--think` is `--think=true`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Fill in the context's parameters from `args`.

        Raises:
            UsageError: with Cobra's words.
            HelpShown: after `--help`.
        """
        if ctx.resilient_parsing:
            return []
        flags = {opt: param for param in self.params for opt in param.opts}
        values: dict[str, Any] = {param.name or "": param.get_default(ctx) for param in self.params}
        words = []
        for flag, text in self._split(args, flags):
            if flag == "--help":
                print(ctx.get_help())
                raise HelpShown
            if flag:
                param: Any = flags[flag]
                values[param.name] = _boolean(param.opts, text) if param.is_flag else text
            else:
                words.append(text)
        self._check_count(len(words))
        ctx.params.update(values)
        ctx.args = words
        return words

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the line `Usage: paddock show MODEL [flags]`."""
        formatter.write_usage(ctx.command_path, f"{self.usage} [flags]".strip())

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the flags."""
        records = [param.get_help_record(ctx) for param in self.get_params(ctx)]
        with formatter.section("Flags"):
            formatter.write_dl([record for record in records if record])

    def _split(self, args: list[str], flags: dict[str, Any]) -> Iterator[tuple[str, str]]:
        """The flags (by one of their names) and words (with an empty one) in `args`, with their texts."""
        rest = iter(args)
        for arg in rest:
            if arg == "--":
                yield from (("", word) for word in rest)
            elif arg.startswith("--"):
                yield self._long(arg, flags, rest)
            elif arg.startswith("-") and len(arg) > 1:
                yield from self._short(arg, flags, rest)
            else:
                yield "", arg

    def _long(self, arg: str, flags: dict[str, Any], rest: Iterator[str]) -> tuple[str, str]:
        flag, given, text = arg.partition("=")
        if arg[2] in "-=":
            raise UsageError(f"bad flag syntax: {arg}")
        if flag == "--help":
            return flag, ""
        if flag not in flags:
            raise UsageError(f"unknown flag: {flag}")
        if given:
            return flag, text
        text_or_none = self._bare(flags[flag])
        if text_or_none is None:
            text_or_none = next(rest, None)
        if text_or_none is None:
            raise UsageError(f"flag needs an argument: {flag}")
        return flag, text_or_none

    def _short(self, arg: str, flags: dict[str, Any], rest: Iterator[str]) -> Iterator[tuple[str, str]]:
        letters = arg[1:]
        while letters:
            flag, following = f"-{letters[0]}", letters[1:]
            if flag not in flags:
                if flag == "-h":
                    yield "--help", ""
                raise UsageError(f"unknown shorthand flag: {letters[0]!r} in -{letters}")
            bare = self._bare(flags[flag])
            if len(following) > 1 and following[0] == "=":
                yield flag, following[1:]
                return
            if bare is None:
                text = following or next(rest, None)
                if text is None:
                    raise UsageError(f"flag needs an argument: {letters[0]!r} in -{letters}")
                yield flag, text
                return
            yield flag, bare
            letters = following

    def _bare(self, param: Any) -> str | None:
        return "true" if param.is_flag else self.bare.get(param.name)

    def _check_count(self, count: int) -> None:
        if self.most is not None and self.least == self.most and count != self.most:
            raise UsageError(f"accepts {self.most} arg(s), received {count}")
        if count < self.least:
            raise UsageError(f"requires at least {self.least} arg(s), only received {count}")


class Root(TyperGroup):
    """All commands. Its own arguments are read by `main`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Nothing to read."""
        ctx.args = args
        return args

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the two ways to use it."""
        formatter.write_usage(ctx.command_path, "COMMAND [ARGS] [flags]")

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands and the flags."""
        self.format_commands(ctx, formatter)
        with formatter.section("Flags"):
            formatter.write_dl([("-v, --version", "Show the version."), ("-h, --help", "Show this message.")])


def takes(usage: str, least: int, most: int | None, **bare: str) -> type[Command]:
    """A command class for `least` to `most` words (None: any number), shown as `usage` in its help."""
    return type("Command", (Command,), {"usage": usage, "least": least, "most": most, "bare": bare})


def unknown_command(name: str, commands: list[str]) -> UsageError:
    """The error for a command that does not exist, with those that may have been meant."""
    meant = [c for c in commands if c.startswith(name.lower()) or _distance(name.lower(), c) <= 2]
    suggestions = "".join(f"\t{c}\n" for c in sorted(meant))
    return UsageError(
        f'unknown command "{name}" for "paddock"' + (f"\n\nDid you mean this?\n{suggestions}" if meant else "")
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


def _distance(a: str, b: str) -> int:
    """How many letters must be put in, taken out or changed to turn `a` into `b`."""
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        before, row[0] = row[0], i
        for j, y in enumerate(b, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (x != y))
    return row[-1]


__all__ = ["Command", "HelpShown", "Root", "takes", "unknown_command"]
