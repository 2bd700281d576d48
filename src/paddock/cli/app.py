"""The commands and their flags, declared for Typer.

A command's own module is imported when it runs. `paddock --help` and `paddock list` are typed often, and each import
that they do without makes them milliseconds faster.
"""

import os
from typing import TYPE_CHECKING, Annotated

import typer

from paddock.cli.flags import CobraGroup, command_class
from paddock.settings import read_settings

if TYPE_CHECKING:
    from paddock.cli.client import Client

app = typer.Typer(
    name="paddock",
    help="Run language models on your own machine.",
    cls=CobraGroup,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)
Insecure = Annotated[bool, typer.Option("--insecure", help="Allow a registry without TLS or with a bad certificate.")]


@app.command(cls=command_class("", 0, 0))
def serve() -> None:
    """Start the server."""
    from paddock.cli.commands.serve import serve

    serve(read_settings())


@app.command(cls=command_class("MODEL", 1, 1))
def create(
    context: typer.Context,
    file: Annotated[
        str, typer.Option("--file", "-f", metavar="PATH", help='The Modelfile (default "Modelfile").')
    ] = "",
    quantize: Annotated[
        str, typer.Option("--quantize", "-q", metavar="TYPE", help="Quantize to this type, e.g. q4_K_M.")
    ] = "",
) -> None:
    """Create a model from a Modelfile."""
    from paddock.cli.commands.create import create

    create(_client(), context.args[0], file or None, quantize)


@app.command(cls=command_class("MODEL", 1, 1))
def show(
    context: typer.Context,
    license: Annotated[bool, typer.Option("--license", help="Show only the license.")] = False,
    modelfile: Annotated[bool, typer.Option("--modelfile", help="Show a Modelfile that creates this model.")] = False,
    parameters: Annotated[bool, typer.Option("--parameters", help="Show only the parameters.")] = False,
    system: Annotated[bool, typer.Option("--system", help="Show only the system message.")] = False,
    template: Annotated[bool, typer.Option("--template", help="Show only the template.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show metadata and tensors as well.")] = False,
) -> None:
    """Show information about a model."""
    from paddock.cli.commands.show import PARTS, show

    flags = (license, modelfile, parameters, system, template)
    show(_client(), context.args[0], [part for part, is_set in zip(PARTS, flags, strict=True) if is_set], verbose)


@app.command(cls=command_class("MODEL [PROMPT]", 1, None, think="true"))
def run(
    context: typer.Context,
    keepalive: Annotated[
        str, typer.Option("--keepalive", metavar="DURATION", help="How long to keep the model loaded, e.g. 5m.")
    ] = "",
    verbose: Annotated[bool, typer.Option("--verbose", help="Show counts and speeds after each reply.")] = False,
    insecure: Insecure = False,
    nowordwrap: Annotated[bool, typer.Option("--nowordwrap", help="Do not wrap long lines at words.")] = False,
    format: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Format of the reply: json, or a JSON schema.")
    ] = "",
    think: Annotated[
        str | None,
        typer.Option(
            "--think", metavar="LEVEL", help="Thinking: false, low, medium, high, max, or true (also without a value)."
        ),
    ] = None,
    hidethinking: Annotated[bool, typer.Option("--hidethinking", help="Do not show the model's thinking.")] = False,
) -> None:
    """Run a model: answer a prompt, or chat."""
    from paddock.cli.commands.run import run
    from paddock.cli.run_options import RunOptions, parse_format, parse_keep_alive, parse_think

    options = RunOptions(
        format=parse_format(format),
        keep_alive=parse_keep_alive(keepalive),
        think=parse_think(think),
        hide_thinking=hidethinking,
        wordwrap=not nowordwrap,
        verbose=verbose,
        insecure=insecure,
        history=not read_settings().nohistory,
    )
    run(_client(), context.args[0], context.args[1:], options)


@app.command(cls=command_class("MODEL", 1, 1))
def stop(context: typer.Context) -> None:
    """Unload a model from memory."""
    from paddock.cli.commands.models import stop

    stop(_client(), context.args[0])


@app.command(cls=command_class("MODEL", 1, 1))
def pull(
    context: typer.Context,
    insecure: Insecure = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show sizes, and download nothing.")] = False,
) -> None:
    """Download a model from a registry."""
    from paddock.cli.commands.transfer import print_plan, pull

    (print_plan if dry_run else pull)(_client(), context.args[0], insecure)


@app.command(cls=command_class("MODEL", 1, 1))
def push(context: typer.Context, insecure: Insecure = False) -> None:
    """Upload a model to a registry."""
    from paddock.cli.commands.transfer import push

    push(_client(), context.args[0], insecure)


@app.command(cls=command_class("MODEL FILE", 2, 2))
def export(context: typer.Context) -> None:
    """Write a model to a single file, for another machine."""
    from paddock.cli.commands.archive import export

    export(_client(), context.args[0], context.args[1])


@app.command("import", cls=command_class("FILE [MODEL]", 1, None))
def import_(context: typer.Context) -> None:
    """Add a model from a file that export wrote."""
    from paddock.cli.commands.archive import import_

    import_(_client(), context.args[0], "".join(context.args[1:2]))


@app.command(cls=command_class("FOLDER FILE", 2, 2))
def convert(
    context: typer.Context,
    type: Annotated[str, typer.Option("--type", metavar="TYPE", help="Type of the weights: f16, bf16 or f32.")] = "f16",
) -> None:
    """Convert a safetensors checkpoint to a GGUF file."""
    from pathlib import Path

    from paddock.cli.commands.convert import convert

    convert(Path(context.args[0]), Path(context.args[1]), type)


@app.command(cls=command_class("FILE NEWFILE TYPE", 3, 3))
def quantize(context: typer.Context) -> None:
    """Quantize a GGUF file to a smaller type, such as q4_K_M."""
    from pathlib import Path

    from paddock.cli.commands.quantize import quantize
    from paddock.sandbox.switch import sandbox_environment

    os.environ.update(sandbox_environment(read_settings().sandbox))  # the process that quantizes inherits it
    source, target, kind = context.args
    quantize(Path(source), Path(target), kind)


@app.command(cls=command_class("", 0, 0))
def key() -> None:
    """Show the public key that identifies you to registries."""
    from paddock.cli.commands.login import show_key

    show_key(read_settings())


@app.command(cls=command_class("HOST", 1, 1))
def login(
    context: typer.Context,
    username: Annotated[
        str, typer.Option("--username", "-u", metavar="NAME", help="The user name (default: ask for it).")
    ] = "",
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from a pipe.")] = False,
) -> None:
    """Save the password for a private registry."""
    from paddock.cli.commands.login import login

    login(read_settings(), context.args[0], username, password_stdin)


@app.command(cls=command_class("HOST", 1, 1))
def logout(context: typer.Context) -> None:
    """Delete the saved password for a registry."""
    from paddock.cli.commands.login import logout

    logout(read_settings(), context.args[0])


@app.command("list", cls=command_class("[PREFIX]", 0, None))
def list_(context: typer.Context) -> None:
    """List the models on this machine."""
    from paddock.cli.commands.models import list_models

    list_models(_client(), "".join(context.args[:1]))


@app.command(cls=command_class("[PREFIX]", 0, None))
def ps(context: typer.Context) -> None:
    """List the loaded models."""
    from paddock.cli.commands.models import list_running

    list_running(_client(), "".join(context.args[:1]))


@app.command(cls=command_class("SOURCE DESTINATION", 2, 2))
def cp(context: typer.Context) -> None:
    """Copy a model to another name."""
    from paddock.cli.commands.models import copy

    copy(_client(), context.args[0], context.args[1])


@app.command(cls=command_class("MODEL [MODEL...]", 1, None))
def rm(context: typer.Context) -> None:
    """Delete models."""
    from paddock.cli.commands.models import remove

    remove(_client(), context.args)


def _client() -> "Client":
    from paddock.cli.client import Client

    return Client(read_settings().url)
