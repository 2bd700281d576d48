"""Whether an answer is one that a stranger may see: a sentence of ours, without a trace of how the server is made."""

import re

from tests.server.servers import Answer

LONGEST = 1000
"""Characters of an error's text."""

TRACES = (
    re.compile(r"Traceback|most recent call"),
    re.compile(r"\w\.(?:cpp|cc|hpp|cu|py|rs|c|h):\d+|\.cpp\b|\.rs\b|site-packages|/_skbuild|vendor/llama"),
    re.compile(r"GGML_|\bassert(?:ion)?\b|panicked|std::|backtrace"),
    re.compile(r"(?<![\w/])/(?:home|root|tmp|usr|build|work|opt|project)/"),
    re.compile(r"unexpected (?:internal )?error|internal server error", re.I),
)
"""What no message may show: tracebacks, files of the build, assertions, paths of the machine."""
PYTHONS = (
    re.compile(
        r"\b(?:Key|Type|Value|Index|Attribute|Memory|Recursion|Overflow|Unicode\w*|Zero\w*|Assertion|OS)Error\b"
    ),
    re.compile(r"NoneType|object has no attribute|not subscriptable|not iterable|unhashable|list index out of range"),
    re.compile(r"invalid literal for|could not convert string|not enough values to unpack|unsupported operand"),
    re.compile(
        r"\b(?:int|float|str|list|dict|bytes)' object (?:has|is not|cannot|does)|<class '|<built-in|0x[0-9a-f]{8,}"
    ),
)
"""Errors in Python's own words, which say nothing to a stranger."""
OF_JINJA = "chat template: "
"""Begins the errors of Jinja's templates, whose values are Python's: their authors know Python's words."""


def complaint(text: str, secrets: tuple[str, ...] = (), own: str = "") -> str:
    """Return what is wrong with the text of an error; "" if nothing.

    Args:
        text: the text.
        secrets: other texts that must not be in it, such as the models folder.
        own: what the client sent; what is quoted from it is no trace.
    """
    if not text.strip():
        return "an error without a text"
    if "\n" in text.strip():
        return f"an error of several lines: {text[:300]!r}"
    if len(text) > LONGEST:
        return f"an error of {len(text)} characters: {text[:100]!r}"
    for secret in secrets:
        if secret in text:
            return f"an error that shows {secret}: {text[:300]!r}"
    for trace in TRACES if text.startswith(OF_JINJA) else (*TRACES, *PYTHONS):
        match = trace.search(text)
        if match and match[0] not in own:
            return f"an error that shows {match[0]!r}: {text[:300]!r}"
    return ""


def judged(
    answer: Answer, secrets: tuple[str, ...] = (), own: str = "", allowed: tuple[int, ...] = (200, 400)
) -> tuple[str, str]:
    """Return the error of an answer, "" if it has none, and what is wrong with it, "" if nothing."""
    lines = answer.body.strip().splitlines()
    try:
        last = answer.json if len(lines) <= 1 else answer.lines[-1]
    except ValueError:
        return "", f"status {answer.status}, and no JSON: {answer.body[:200]!r}"
    error = last.get("error", "") if isinstance(last, dict) else ""
    if answer.status not in allowed:
        return str(error) or "?", f"status {answer.status}: {error!r}"
    if answer.status >= 400 or error:
        return str(error) or "?", complaint(str(error), secrets, own)
    return "", ""
