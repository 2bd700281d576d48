"""`run`: one reply to a prompt from the arguments or a pipe, or a conversation where there is none."""

import json
import sys
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from paddock.cli.client import Client
from paddock.cli.errors import CommandError, ServerError, UsageError
from paddock.cli.media import taken_out
from paddock.cli.terminal.progress import Spinner
from paddock.cli.terminal.reply import ReplyPrinter, statistics
from paddock.cli.terminal.screen import clean_text, is_terminal
from paddock.durations import InvalidDuration, parse_duration

_THINK_LEVELS = ("low", "medium", "high", "max")


@dataclass
class RunOptions:
    """What the flags of `run` say. `format`, `keep_alive` and `think` are as the API takes them, None if not given."""

    format: Any = None
    keep_alive: str | None = None
    think: bool | str | None = None
    hide_thinking: bool = False
    wordwrap: bool = True
    verbose: bool = False
    insecure: bool = False
    history: bool = True

    def request(self) -> dict[str, Any]:
        """The fields of a request to generate or chat."""
        fields = {"format": self.format, "keep_alive": self.keep_alive, "think": self.think}
        return {key: value for key, value in fields.items() if value is not None}


def run(client: Client, model: str, words: list[str], options: RunOptions) -> None:
    """Reply to `words`, before which comes what is piped in; converse if there is neither and a person is there."""
    client.check()
    prompts = [clean_text(word) for word in words]
    interactive = not prompts and is_terminal(sys.stdout)
    if not is_terminal(sys.stdin):
        interactive = False
        piped = sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""
        if piped:
            prompts.insert(0, piped)
    info = _find(client, model, options.insecure)
    prompt = " ".join(prompts)
    if "embedding" in (info.get("capabilities") or []):
        _embed(client, model, prompt, options)
    elif interactive:
        from paddock.cli.chat.repl import chat

        chat(client, model, info, options)
    else:
        prompt, files = taken_out(prompt, info)
        _generate(client, model, prompt, files, options)


def parse_format(text: str) -> Any:
    """What `--format` asks for: None, `json`, or a JSON schema.

    Raises:
        UsageError: if it is none of these.
    """
    if not text:
        return None
    if text == "json":
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"--format must be json or a JSON schema, and {text!r} is neither: {error}") from None


def parse_keep_alive(text: str) -> str | None:
    """Check a duration in Go's notation.

    Raises:
        UsageError: with the wording of Go's parser.
    """
    try:
        if text:
            parse_duration(text)
    except InvalidDuration as error:
        raise UsageError(str(error)) from None
    return text or None


def parse_think(text: str | None) -> bool | str | None:
    """What `--think` asks for.

    Raises:
        UsageError: if that does not exist.
    """
    if text is None or text in _THINK_LEVELS:
        return text
    if text in ("", "true", "false"):
        return text != "false"
    raise UsageError(f'invalid value for --think: "{text}" (must be true, false, high, medium, low, or max)')


def _find(client: Client, model: str, insecure: bool) -> dict[str, Any]:
    """What the server knows about the model, which is pulled first if it is not there."""
    try:
        info: dict[str, Any] = client.request("POST", "/api/show", {"model": model})
    except ServerError as error:
        if error.status != 404:
            raise
        from paddock.cli.commands.transfer import pull

        pull(client, model, insecure)
        info = client.request("POST", "/api/show", {"model": model})
    return info


def _generate(client: Client, model: str, prompt: str, files: list[str], options: RunOptions) -> None:
    request = {"model": model, "prompt": prompt} | ({"images": files} if files else {}) | options.request()
    printer = ReplyPrinter(wordwrap=options.wordwrap, hide_thinking=options.hide_thinking)
    last: dict[str, Any] = {}
    with Spinner() as spinner, closing(client.stream("/api/generate", request)) as messages:
        for last in messages:
            content, thinking = last.get("response") or "", last.get("thinking") or ""
            if content or (thinking and not options.hide_thinking):
                spinner.stop()
                printer.feed(content, thinking)
    if prompt or files:
        printer.end()
    if options.verbose and last.get("done"):
        sys.stderr.write(statistics(last))


def _embed(client: Client, model: str, prompt: str, options: RunOptions) -> None:
    if not prompt:
        raise CommandError(f'{model} makes embeddings and needs a text: paddock run {model} "your text"')
    request = {"model": model, "input": prompt}
    if options.keep_alive:
        request["keep_alive"] = options.keep_alive
    answer = client.request("POST", "/api/embed", request)
    print(json.dumps(answer["embeddings"][0], separators=(",", ":")))
