"""`run`: replies to one prompt from the arguments or a pipe, or opens a chat."""

import json
import sys
from contextlib import closing
from typing import Any

from paddock.cli.client import Client
from paddock.cli.errors import CommandError, ServerError
from paddock.cli.prompt_files import extract_files
from paddock.cli.run_options import RunOptions
from paddock.cli.terminal.reply import ReplyPrinter, statistics
from paddock.cli.terminal.screen import clean_text, is_terminal
from paddock.cli.terminal.spinner import Spinner


def run(client: Client, model: str, words: list[str], options: RunOptions) -> None:
    """Reply to a prompt: the text piped in, followed by `words`. Without a prompt, open a chat if at a terminal."""
    client.ping()
    prompts = [clean_text(word) for word in words]
    interactive = not prompts and is_terminal(sys.stdout)
    if not is_terminal(sys.stdin):
        interactive = False
        piped = sys.stdin.buffer.read().decode("utf-8", "replace") if sys.stdin else ""
        if piped:
            prompts.insert(0, piped)
    info = _show_or_pull(client, model, options.insecure)
    prompt = " ".join(prompts)
    if "embedding" in (info.get("capabilities") or []):
        _embed(client, model, prompt, options)
    elif interactive:
        from paddock.cli.chat.repl import chat

        chat(client, model, info, options)
    else:
        prompt, files = extract_files(prompt, info)
        _generate(client, model, prompt, files, options)


def _show_or_pull(client: Client, model: str, insecure: bool) -> dict[str, Any]:
    """Return the answer of `/api/show`; pull the model first if the server does not have it."""
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
    request = {"model": model, "prompt": prompt} | ({"images": files} if files else {}) | options.request_fields()
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
