"""`run` without a prompt: a conversation at the terminal."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from paddock.cli.chat.editor import Editor
from paddock.cli.chat.session import Session
from paddock.cli.chat.slash import SlashCommands
from paddock.cli.client import Client
from paddock.cli.commands.models import load
from paddock.cli.commands.run import RunOptions
from paddock.cli.errors import CommandError
from paddock.cli.media import begins_with_file, taken_out
from paddock.cli.terminal.progress import Spinner
from paddock.cli.terminal.reply import ReplyPrinter, statistics
from paddock.cli.terminal.screen import clean_text

PROMPT = ">>> "
CONTINUED = "... "
_QUOTES = '"""'


def chat(client: Client, model: str, info: dict[str, Any], options: RunOptions) -> None:
    """Converse with a model until the person leaves."""
    with Spinner():
        load(client, model, options.keep_alive, options.think)
    session = Session(model, info, options)
    editor = Editor(Path.home() / ".paddock" / "history", remember=options.history)
    commands = SlashCommands(client, session, editor)
    _show_history(session)
    while True:
        try:
            message = _ask(editor)
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print("\nUse Ctrl + d or /bye to exit.")
            continue
        line = message.strip()
        if line.startswith("/") and not begins_with_file(line, session.info):
            loaded = session.info
            if not _carry_out(commands, line):
                return
            if session.info is not loaded:
                _show_history(session)
        elif line:
            _reply(client, session, message)


def _ask(editor: Editor) -> str:
    '''One message: a line, or several between """ and """, as the value of `/set system`, too.'''
    line = editor.ask(PROMPT)
    head, quotes, rest = line.partition(_QUOTES)
    if not quotes or (head.strip() and head.split() != ["/set", "system"]):
        return clean_text(line)
    lines = [rest]
    while not lines[-1].rstrip().endswith(_QUOTES):
        lines.append(editor.ask(CONTINUED))
    lines[-1] = lines[-1].rstrip().removesuffix(_QUOTES)
    return clean_text(head.lstrip() + "\n".join(lines))


def _carry_out(commands: SlashCommands, line: str) -> bool:
    try:
        return commands.run(line)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print()
    return True


def _reply(client: Client, session: Session, message: str) -> None:
    """Send the message and show the reply. Ctrl-C ends the reply; what came of it stays in the conversation."""
    options = session.options
    try:
        message, files = taken_out(message, session.info)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        return
    session.said("user", message, images=files)
    printer = ReplyPrinter(wordwrap=options.wordwrap, hide_thinking=options.hide_thinking)
    content, thinking = [], []
    last: dict[str, Any] = {}
    try:
        with Spinner() as spinner, closing(client.stream("/api/chat", session.request())) as pieces:
            for last in pieces:
                piece = last.get("message") or {}
                content.append(piece.get("content") or "")
                thinking.append(piece.get("thinking") or "")
                if content[-1] or (thinking[-1] and not options.hide_thinking):
                    spinner.stop()
                    printer.feed(content[-1], thinking[-1])
    except CommandError as error:
        if any(content):
            print()
        else:
            session.messages.pop()
        print(f"Error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        printer.end()
    else:
        printer.end()
        if options.verbose:
            sys.stderr.write(statistics(last))
    if any(content):
        session.said("assistant", "".join(content), "".join(thinking))


def _show_history(session: Session) -> None:
    """Show the conversation that a model brings with it."""
    for message in session.info.get("messages") or []:
        if message.get("role") == "user":
            print(f"{PROMPT}{message.get('content', '')}")
        elif message.get("role") == "assistant":
            printer = ReplyPrinter(wordwrap=session.options.wordwrap)
            printer.feed(message.get("content", ""))
            printer.end()
