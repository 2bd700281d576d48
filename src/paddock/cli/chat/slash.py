"""Slash commands: lines of a chat that start with a slash and change the session."""

from typing import Any

from paddock.cli.chat.editor import Editor
from paddock.cli.chat.session import Session
from paddock.cli.client import Client
from paddock.cli.errors import CommandError, ServerError
from paddock.cli.loading import load
from paddock.cli.run_options import parse_think
from paddock.cli.terminal.spinner import Spinner

HELP = '''Available Commands:
  /set            Change a setting of this session
  /show           Show information about the model
  /load <model>   Switch to another model or a saved session
  /save <model>   Save this session as a model
  /clear          Clear the conversation
  /bye            Exit
  /?, /help       Show this help; /? set and /? show list their commands
  /? shortcuts    Show keyboard shortcuts

Write """ before and after a message of several lines.
'''
HELP_SET = """Available Commands:
  /set parameter <name> <value>   Set a parameter of the model
  /set system <text>              Set the system message
  /set history                    Save lines to the history
  /set nohistory                  Do not save lines to the history
  /set wordwrap                   Wrap long lines at words
  /set nowordwrap                 Do not wrap long lines
  /set format json                Ask for replies in JSON
  /set noformat                   Ask for replies in no special format
  /set verbose                    Show counts and speeds after each reply
  /set quiet                      Do not show counts and speeds
  /set think [level]              Let the model think before it replies
  /set nothink                    Do not let the model think
"""
HELP_SHOW = """Available Commands:
  /show info         Show the model's details
  /show license      Show the model's license
  /show modelfile    Show a Modelfile that creates the model
  /show parameters   Show the parameters of the model and of this session
  /show system       Show the system message
  /show template     Show the model's template
"""
HELP_SHORTCUTS = """Keyboard Shortcuts:
  Ctrl + a            Move to the beginning of the line
  Ctrl + e            Move to the end of the line
  Alt + b             Move back by a word
  Alt + f             Move forward by a word
  Ctrl + k            Delete the text after the cursor
  Ctrl + u            Delete the text before the cursor
  Ctrl + w            Delete the word before the cursor
  Ctrl + l            Clear the screen
  Ctrl + c            Stop the reply
  Ctrl + d            Exit
"""
_HELP = {"set": HELP_SET, "show": HELP_SHOW, "shortcuts": HELP_SHORTCUTS}


class SlashCommands:
    """Runs slash commands on a session."""

    def __init__(self, client: Client, session: Session, editor: Editor) -> None:
        self._client = client
        self._session = session
        self._editor = editor

    def run(self, line: str) -> bool:
        """Run the command in `line`; return whether the chat goes on.

        Raises:
            CommandError: if the command failed; the session is then as it was before.
        """
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        match name:
            case "/bye" | "/exit":
                return False
            case "/?" | "/help":
                print(_HELP.get(rest.lstrip("/"), HELP))
            case "/clear":
                self._session.messages.clear()
                print("Cleared session context")
            case "/set":
                self._set(rest)
            case "/show":
                self._show(rest)
            case "/load":
                self._load(rest)
            case "/save":
                self._save(rest)
            case _:
                print(f"Unknown command '{name}'. Type /? for help")
        return True

    def _set(self, line: str) -> None:
        name, _, rest = line.partition(" ")
        rest = rest.strip()
        options = self._session.options
        match name:
            case "history" | "nohistory":
                self._editor.remember = name == "history"
            case "wordwrap" | "nowordwrap":
                options.wordwrap = name == "wordwrap"
                print(f"Set '{name}' mode.")
            case "verbose" | "quiet":
                options.verbose = name == "verbose"
                print(f"Set '{name}' mode.")
            case "format" if rest == "json":
                options.format = rest
                print(f"Set format to '{rest}' mode.")
            case "format":
                print("Invalid or missing format. For 'json' mode use '/set format json'")
            case "noformat":
                options.format = None
                print("Disabled format.")
            case "think":
                options.think = parse_think(rest)
                print(f"Set 'think' mode{f' to {rest!r}' if rest else ''}.")
            case "nothink":
                options.think = False
                print("Set 'nothink' mode.")
            case "system" if rest:
                self._session.system = rest.removeprefix('"""').removesuffix('"""')
                print("Set system message.")
            case "parameter" if len(rest.split()) > 1:
                self._set_parameter(*rest.split())
            case "" | "system" | "parameter":
                print(HELP_SET)
            case _:
                print(f"Unknown command '/set {name}'. Type /? for help")

    def _set_parameter(self, name: str, *values: str) -> None:
        try:
            self._session.set_parameter(name, [value.strip('"') for value in values])
        except ValueError as error:
            print(f"Couldn't set parameter: {error}")
        else:
            print(f"Set parameter '{name}' to '{', '.join(values)}'")

    def _show(self, name: str) -> None:
        session = self._session
        match name:
            case "info":
                from paddock.cli.terminal.model_description import describe

                print(describe(session.info), end="")
            case "license":
                print(session.info.get("license") or "The model has no license text.", end="\n\n")
            case "modelfile":
                print(session.info.get("modelfile", ""))
            case "parameters":
                self._show_parameters()
            case "system":
                text = session.system or session.info.get("system")
                print(text or "Neither the model nor this session has a system message.", end="\n\n")
            case "template":
                print(session.info.get("template") or "The model has no template.", end="\n\n")
            case "":
                print(HELP_SHOW)
            case _:
                print(f"Unknown command '/show {name}'. Type /? for help")

    def _show_parameters(self) -> None:
        own, changed = self._session.info.get("parameters"), self._session.parameters
        if own:
            print("Model defined parameters:")
            print("".join(f"  {line}\n" for line in own.splitlines()))
        if changed:
            print("User defined parameters:")
            print("".join(f"  {name:<30} {_format_value(value)}\n" for name, value in changed.items()))
        if not own and not changed:
            print("Neither the model nor this session sets a parameter.", end="\n\n")

    def _load(self, model: str) -> None:
        if not model or " " in model:
            print("Usage:\n  /load <model>")
            return
        print(f"Loading model '{model}'")
        try:
            with Spinner():
                info = self._client.request("POST", "/api/show", {"model": model})
                load(self._client, model, self._session.options.keep_alive, self._session.options.think)
        except ServerError as error:
            print(f"Couldn't find model '{model}'" if error.status == 404 else f"Error: {error}")
        else:
            self._session.switch_model(model, info)

    def _save(self, name: str) -> None:
        if not name or " " in name:
            print("Usage:\n  /save <model>")
            return
        try:
            self._client.drain("/api/create", self._session.create_request(name))
        except CommandError as error:
            print(f"Couldn't save the session: {error}")
        else:
            print(f"Created new model '{name}'")


def _format_value(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f'"{item}"' for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
