"""How a model replies: the parser of its replies, the tags around its thinking, and calls that it is forced to make.

What parses is imported when the first model is described, so that the server answers sooner after its start.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from paddock.ipc import ToolCalls
from paddock.library.store.model import Model
from paddock.parsing.reply import ReplyParser, ReplyRequest, Think, Tools, functions
from paddock.service.errors import RequestError
from paddock.service.requests import ConversationRequest
from paddock.templates import Message
from paddock.workers.messages import TemplateFacts

if TYPE_CHECKING:
    from paddock.parsing.named import NamedParser, ParserInfo
    from paddock.parsing.reply_format import ReplyFormat

ParserFactory = Callable[[], ReplyParser]
"""Makes the parser of one reply."""


def parser_info(model: Model) -> "ParserInfo | None":
    """Return what the parser that a model names can do; None if it names none that exists."""
    parser = _parser_of(model)
    return parser.info if parser is not None else None


def reply_format(model: Model, facts: TemplateFacts) -> "ReplyFormat":
    """Return the format of a model's replies: that of the parser which it names, else the one its template shows.

    Args:
        model: the model.
        facts: what the template tells that its prompts are rendered by.
    """
    from paddock.parsing.formats.chat_template import format_of_markers
    from paddock.parsing.formats.go_template import format_of_texts
    from paddock.parsing.formats.harmony import HARMONY_OF_TEMPLATE
    from paddock.parsing.reply_format import CONTENT_ONLY

    parser = _parser_of(model)
    if parser is not None:
        return parser.format
    if facts.language == "jinja":
        return format_of_markers(facts.markers)
    if facts.language != "go":
        return CONTENT_ONLY
    if facts.is_harmony:
        return HARMONY_OF_TEMPLATE
    return format_of_texts(facts.thinking_tags, facts.tool_call_prefix, facts.call_texts)


def parser_factory(
    reply_format: "ReplyFormat", tools: Tools, think: Think, prompt: str, last_message: Message | None = None
) -> ParserFactory | None:
    """Return a function that makes a parser for a reply to `prompt`; None if such a reply is nothing but content."""
    grammar = reply_format.grammar
    if grammar is None or not (tools or think or reply_format.is_always_parsed):
        return None
    role, prefilled, prefilled_thinking = "", False, False
    if last_message is not None:
        role = last_message.role
        prefilled = role == "assistant" and bool(last_message.content)
        prefilled_thinking = role == "assistant" and bool(last_message.thinking)
    from paddock.parsing.stream import StreamParser

    request = ReplyRequest(functions(tools), think, prompt, role, prefilled, prefilled_thinking)
    return partial(StreamParser, grammar, request)


def forced_call(
    model: Model, reply_format: "ReplyFormat", request: ConversationRequest, stop: Sequence[str]
) -> ToolCalls:
    """Return the constraint of a reply that calls a tool, for a request that requires a call.

    The constraint keeps texts that would `stop` the reply out of the arguments.

    Raises:
        RequestError: if the model cannot be held to a call.
    """
    from paddock.parsing.calls.bare_values import CannotForce

    if request.constraint is not None:
        raise RequestError("tool_choice requires a call, which cannot be in a format as well")
    if reply_format.call_format is None:
        what = f"the parser {model.config.parser!r}" if model.config.parser else "this model's template"
        raise RequestError(f"tool_choice: a call cannot be forced in the format of {what}")
    try:
        return reply_format.call_format.constraint(request.tools, request.required_tool, stop)
    except CannotForce as error:
        raise RequestError(f"tool_choice: {error}") from None


def _parser_of(model: Model) -> "NamedParser | None":
    if not model.config.parser:
        return None
    from paddock.parsing.named import named_parser

    return named_parser(model.config.parser)
