"""The `paddock` command: which commands there are, and what their mistakes look like.

A command's own module is imported when it runs. `paddock --help` and `paddock list` are typed often, and each import
that they do without is milliseconds off them.
"""

import os
import sys
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
import typer.main

from paddock import __version__
from paddock.cli.errors import CommandError, UsageError
from paddock.cli.flags import HelpShown, Root, takes, unknown_command
from paddock.cli.terminal.screen import is_terminal, use_utf8
from paddock.settings import InvalidSetting, Settings, read_settings

if TYPE_CHECKING:
    from paddock.cli.client import Client

_ALIASES = {"ls": "list", "start": "serve"}
_INTERRUPTED = 130  # what shells report for a command that SIGINT ended
_BROKEN_PIPE = 141  # and for SIGPIPE

app = typer.Typer(
    name="paddock",
    help="Run language models on your own machine.",
    cls=Root,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Insecure = Annotated[bool, typer.Option("--insecure", help="Allow a registry without TLS or with a bad certificate.")]


def main() -> NoReturn:
    """Run the command line of this process and exit with its status."""
    use_utf8()
    sys.exit(run_command(sys.argv[1:]))


def run_command(args: list[str]) -> int:
    """Run one command; print its error, if there is one; return its exit status."""
    try:
        _dispatch(args)
        sys.stdout.flush()
    except HelpShown:
        return 0
    except (CommandError, InvalidSetting) as error:
        _flush()
        print(f"Error: {error}", file=sys.stderr)
        return error.exit_code if isinstance(error, CommandError) else 1
    except KeyboardInterrupt:
        if is_terminal(sys.stderr):
            print(file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough. Python would complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0


@app.command(cls=takes("", 0, 0))
def serve() -> None:
    """Start the server."""
    from paddock.cli.commands.serve import serve

    serve(_settings())


@app.command(cls=takes("MODEL", 1, 1))
def create(
    context: typer.Context,
    file: Annotated[str, typer.Option("--file", "-f", help='The Modelfile (default "Modelfile").')] = "",
    quantize: Annotated[str, typer.Option("--quantize", "-q", help="Quantize to this type, e.g. q4_K_M.")] = "",
) -> None:
    """Make a model from a Modelfile."""
    from paddock.cli.commands.create import create

    create(_client(), context.args[0], file or None, quantize)


@app.command(cls=takes("MODEL", 1, 1))
def show(
    context: typer.Context,
    license: Annotated[bool, typer.Option("--license", help="Show the licence alone.")] = False,
    modelfile: Annotated[bool, typer.Option("--modelfile", help="Show a Modelfile that makes this model.")] = False,
    parameters: Annotated[bool, typer.Option("--parameters", help="Show the parameters alone.")] = False,
    system: Annotated[bool, typer.Option("--system", help="Show the system message alone.")] = False,
    template: Annotated[bool, typer.Option("--template", help="Show the template alone.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show metadata and tensors, too.")] = False,
) -> None:
    """Show what a model is."""
    from paddock.cli.commands.show import PARTS, show

    chosen = (license, modelfile, parameters, system, template)
    show(_client(), context.args[0], [part for part, wanted in zip(PARTS, chosen, strict=True) if wanted], verbose)


@app.command(cls=takes("MODEL [PROMPT]", 1, None, think="true"))
def run(
    context: typer.Context,
    keepalive: Annotated[str, typer.Option("--keepalive", help="How long to keep the model loaded, e.g. 5m.")] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show counts and speeds after each reply.")] = False,
    insecure: Insecure = False,
    nowordwrap: Annotated[bool, typer.Option("--nowordwrap", help="Do not wrap words at the line's end.")] = False,
    format: Annotated[str, typer.Option("--format", help="Format of the reply: json, or a JSON schema.")] = "",
    think: Annotated[
        str | None, typer.Option("--think", help="Thinking: true, false, low, medium, high or max (bare: true).")
    ] = None,
    hidethinking: Annotated[bool, typer.Option("--hidethinking", help="Do not show what the model thinks.")] = False,
) -> None:
    """Run a model: reply to a prompt, or chat."""
    from paddock.cli.commands.run import RunOptions, parse_format, parse_keep_alive, parse_think, run

    options = RunOptions(
        format=parse_format(format),
        keep_alive=parse_keep_alive(keepalive),
        think=parse_think(think),
        hide_thinking=hidethinking,
        wordwrap=not nowordwrap,
        verbose=verbose,
        insecure=insecure,
        history=not _settings().nohistory,
    )
    run(_client(), context.args[0], context.args[1:], options)


@app.command(cls=takes("MODEL", 1, 1))
def stop(context: typer.Context) -> None:
    """Unload a model."""
    from paddock.cli.commands.models import stop

    stop(_client(), context.args[0])


@app.command(cls=takes("MODEL", 1, 1))
def pull(
    context: typer.Context,
    insecure: Insecure = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be fetched, and fetch nothing.")] = False,
) -> None:
    """Fetch a model from a registry."""
    from paddock.cli.commands.transfer import plan, pull

    (plan if dry_run else pull)(_client(), context.args[0], insecure)


@app.command(cls=takes("MODEL", 1, 1))
def push(context: typer.Context, insecure: Insecure = False) -> None:
    """Send a model to a registry."""
    from paddock.cli.commands.transfer import push

    push(_client(), context.args[0], insecure)


@app.command(cls=takes("MODEL FILE", 2, 2))
def export(context: typer.Context) -> None:
    """Write a model to one file, for a machine without a network."""
    from paddock.cli.commands.archive import export

    export(_client(), context.args[0], context.args[1])


@app.command("import", cls=takes("FILE [MODEL]", 1, None))
def import_(context: typer.Context) -> None:
    """Take in a model from such a file."""
    from paddock.cli.commands.archive import import_

    import_(_client(), context.args[0], "".join(context.args[1:2]))


@app.command(cls=takes("FOLDER FILE", 2, 2))
def convert(
    context: typer.Context,
    type: Annotated[str, typer.Option("--type", help="How to write weights: f16, bf16 or f32.")] = "f16",
) -> None:
    """Make a GGUF file of a checkpoint in safetensors."""
    from pathlib import Path

    from paddock.cli.commands.convert import convert

    convert(Path(context.args[0]), Path(context.args[1]), type)


@app.command(cls=takes("FILE NEWFILE TYPE", 3, 3))
def quantize(context: typer.Context) -> None:
    """Make a GGUF file smaller, with a type such as q4_K_M."""
    from pathlib import Path

    from paddock.cli.commands.quantize import quantize

    source, target, kind = context.args
    quantize(Path(source), Path(target), kind)


@app.command(cls=takes("", 0, 0))
def key() -> None:
    """Show the public key by which registries know you."""
    from paddock.cli.commands.login import show_key

    show_key(_settings())


@app.command(cls=takes("HOST", 1, 1))
def login(
    context: typer.Context,
    username: Annotated[str, typer.Option("--username", "-u", help="The user name (asked for if not given).")] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from a pipe.")] = False,
) -> None:
    """Keep a password for a private registry."""
    from paddock.cli.commands.login import login

    login(_settings(), context.args[0], username, password_stdin)


@app.command(cls=takes("HOST", 1, 1))
def logout(context: typer.Context) -> None:
    """Forget the password for a registry."""
    from paddock.cli.commands.login import logout

    logout(_settings(), context.args[0])


@app.command("list", cls=takes("[PREFIX]", 0, None))
def list_(context: typer.Context) -> None:
    """List the models on this machine."""
    from paddock.cli.commands.models import list_models

    list_models(_client(), "".join(context.args[:1]))


@app.command(cls=takes("[PREFIX]", 0, None))
def ps(context: typer.Context) -> None:
    """List the models that are loaded."""
    from paddock.cli.commands.models import list_running

    list_running(_client(), "".join(context.args[:1]))


@app.command(cls=takes("SOURCE DESTINATION", 2, 2))
def cp(context: typer.Context) -> None:
    """Give a model a second name."""
    from paddock.cli.commands.models import copy

    copy(_client(), context.args[0], context.args[1])


@app.command(cls=takes("MODEL [MODEL...]", 1, None))
def rm(context: typer.Context) -> None:
    """Delete models."""
    from paddock.cli.commands.models import remove

    remove(_client(), context.args)


def _dispatch(args: list[str]) -> None:
    match args:
        case [] | ["--help" | "-h" | "help"]:
            _help([])
        case ["help", *names]:
            _help(names)
        case ["--version" | "-v", *_]:
            _version()
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


def _help(names: list[str]) -> None:
    context = _root_context()
    if names:
        command = _command(names[0])
        context = command.make_context(command.name, [], parent=context, resilient_parsing=True)
    print(context.get_help())


def _version() -> None:
    """Print the server's version, and this program's if it is another."""
    running = ""
    try:
        answer = _client().get("/api/version")
    except CommandError:
        print("Warning: could not connect to a running Paddock instance")
    else:
        running = answer.get("paddock") or ""
        print(f"paddock version is {running}" if running else f"ollama version is {answer.get('version')}")
    if running != __version__:
        print(f"Warning: client version is {__version__}")


def _client() -> "Client":
    from paddock.cli.client import Client

    return Client(_settings().url)


def _settings() -> Settings:
    return read_settings()


def _flush() -> None:
    with suppress(OSError):
        sys.stdout.flush()
