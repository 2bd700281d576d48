"""The commands of the chat prompt: lines that begin with a slash."""

from typing import Any

from paddock.cli.chat.editor import Editor
from paddock.cli.chat.session import Session
from paddock.cli.client import Client
from paddock.cli.commands.models import load
from paddock.cli.commands.run import parse_think
from paddock.cli.errors import CommandError, ServerError
from paddock.cli.terminal.progress import Spinner

HELP = '''Available Commands:
  /set            Change how the session works
  /show           Show what the model is
  /load <model>   Go on with another model or saved session
  /save <model>   Save this session as a model
  /clear          Forget what has been said
  /bye            Leave
  /?, /help       Show this, or the commands of /? set and /? show
  /? shortcuts    Show the keys

Begin a message of several lines with """ and end it so.
'''
HELP_SET = """Available Commands:
  /set parameter <name> <value>   Set an option of the model
  /set system <text>              Set the system message
  /set history                    Remember lines in the history
  /set nohistory                  Do not
  /set wordwrap                   Wrap words at the line's end
  /set nowordwrap                 Do not
  /set format json                Have replies in JSON
  /set noformat                   Have them as they come
  /set verbose                    Show counts and speeds
  /set quiet                      Do not
  /set think [level]              Let the model think
  /set nothink                    Do not
"""
HELP_SHOW = """Available Commands:
  /show info         Show what the model is
  /show license      Show its licence
  /show modelfile    Show a Modelfile that makes it
  /show parameters   Show its parameters and this session's
  /show system       Show the system message
  /show template     Show its template
"""
HELP_KEYS = """Keys:
  Ctrl + a            Go to the beginning of the line
  Ctrl + e            Go to its end
  Alt + b             Go back a word
  Alt + f             Go on a word
  Ctrl + k            Delete what is after the cursor
  Ctrl + u            Delete what is before it
  Ctrl + w            Delete the word before it
  Ctrl + l            Clear the screen
  Ctrl + c            Stop the reply
  Ctrl + d            Leave
"""
_HELP = {"set": HELP_SET, "show": HELP_SHOW, "shortcuts": HELP_KEYS}


class SlashCommands:
    """Carries out slash commands on a session."""

    def __init__(self, client: Client, session: Session, editor: Editor) -> None:
        self._client = client
        self._session = session
        self._editor = editor

    def run(self, line: str) -> bool:
        """Carry out `line`; say whether the conversation goes on."""
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
                self._editor.remember(name == "history")
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

    def _show(self, what: str) -> None:
        session = self._session
        match what:
            case "info":
                from paddock.cli.commands.show import describe

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
                print(f"Unknown command '/show {what}'. Type /? for help")

    def _show_parameters(self) -> None:
        own, set_here = self._session.info.get("parameters"), self._session.parameters
        if own:
            print("Model defined parameters:")
            print("".join(f"  {line}\n" for line in own.splitlines()))
        if set_here:
            print("User defined parameters:")
            print("".join(f"  {name:<30} {_words(value)}\n" for name, value in set_here.items()))
        if not own and not set_here:
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
            self._session.become(model, info)

    def _save(self, name: str) -> None:
        if not name or " " in name:
            print("Usage:\n  /save <model>")
            return
        try:
            self._client.finish("/api/create", self._session.recipe(name))
        except CommandError as error:
            print(f"Couldn't save the session: {error}")
        else:
            print(f"Created new model '{name}'")


def _words(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(f'"{item}"' for item in value)
    return str(value).lower() if isinstance(value, bool) else str(value)
