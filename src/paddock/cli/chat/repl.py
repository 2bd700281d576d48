"""The loop of a chat: read a message, send it, print the reply."""

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from paddock.cli.chat.editor import Editor
from paddock.cli.chat.session import Session
from paddock.cli.chat.slash import SlashCommands
from paddock.cli.client import Client
from paddock.cli.errors import CommandError
from paddock.cli.loading import load
from paddock.cli.prompt_files import extract_files, starts_with_file
from paddock.cli.run_options import RunOptions
from paddock.cli.terminal.reply import ReplyPrinter, statistics
from paddock.cli.terminal.screen import clean_text
from paddock.cli.terminal.spinner import Spinner

PROMPT = ">>> "
CONTINUATION_PROMPT = "... "
_QUOTES = '"""'


def chat(client: Client, model: str, info: dict[str, Any], options: RunOptions) -> None:
    """Load a model and converse with it until the user leaves; `info` is the answer of `/api/show`."""
    with Spinner():
        load(client, model, options.keep_alive, options.think)
    session = Session(model, info, options)
    editor = Editor(Path.home() / ".paddock" / "history", remember=options.history)
    commands = SlashCommands(client, session, editor)
    _print_history(session)
    while True:
        try:
            message = _read_message(editor)
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print("\nUse Ctrl + d or /bye to exit.")
            continue
        line = message.strip()
        if line.startswith("/") and not starts_with_file(line, session.info):
            info_before = session.info
            if not _run_command(commands, line):
                return
            if session.info is not info_before:
                _print_history(session)
        elif line:
            _reply(client, session, message)


def _read_message(editor: Editor) -> str:
    '''Read a line, or several lines between """ and """; the value of `/set system` may have several lines, too.'''
    line = editor.read_line(PROMPT)
    head, quotes, rest = line.partition(_QUOTES)
    if not quotes or (head.strip() and head.split() != ["/set", "system"]):
        return clean_text(line)
    lines = [rest]
    while not lines[-1].rstrip().endswith(_QUOTES):
        lines.append(editor.read_line(CONTINUATION_PROMPT))
    lines[-1] = lines[-1].rstrip().removesuffix(_QUOTES)
    return clean_text(head.lstrip() + "\n".join(lines))


def _run_command(commands: SlashCommands, line: str) -> bool:
    """Run a slash command; return whether the chat goes on."""
    try:
        return commands.run(line)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print()
    return True


def _reply(client: Client, session: Session, message: str) -> None:
    """Send a message and print the reply. Ctrl-C ends the reply; the part that has come stays in the conversation."""
    options = session.options
    try:
        message, files = extract_files(message, session.info)
    except CommandError as error:
        print(f"Error: {error}", file=sys.stderr)
        return
    session.add_message("user", message, images=files)
    printer = ReplyPrinter(wordwrap=options.wordwrap, hide_thinking=options.hide_thinking)
    content, thinking = [], []
    last: dict[str, Any] = {}
    try:
        with Spinner() as spinner, closing(client.stream("/api/chat", session.chat_request())) as chunks:
            for last in chunks:
                chunk = last.get("message") or {}
                content.append(chunk.get("content") or "")
                thinking.append(chunk.get("thinking") or "")
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
        session.add_message("assistant", "".join(content), "".join(thinking))


def _print_history(session: Session) -> None:
    """Print the messages that the model itself contains."""
    for message in session.info.get("messages") or []:
        if message.get("role") == "user":
            print(f"{PROMPT}{message.get('content', '')}")
        elif message.get("role") == "assistant":
            printer = ReplyPrinter(wordwrap=session.options.wordwrap)
            printer.feed(message.get("content", ""))
            printer.end()
