"""The chat template of a GGUF file, `tokenizer.chat_template`: Jinja, rendered as Hugging Face's transformers do.

A template is untrusted. It runs in Jinja's sandbox; `sandbox` and `limits` add what that does not limit: every pass
through a loop, every macro, call, filter and operator is charged for what it reads and builds.
"""

import re
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from paddock.templates.errors import TemplateFailed, TemplateRefused
from paddock.templates.message import Message, Think, Tools, joined_by_role

if TYPE_CHECKING:
    from jinja2 import Template

_PARTS = re.compile(r"""['"]type['"]|\.type\b""")
_PROBE = "paddock-probe"

MAX_CHAT_TEMPLATE_LENGTH = 512 * 1024
"""Longest template in characters. The longest seen has about 20,000."""


class ChatTemplate:
    """A chat template with the texts of its special tokens; it is parsed when first rendered."""

    def __init__(self, source: str, bos_token: str = "", eos_token: str = "") -> None:
        self.source = source
        self.bos_token = bos_token
        self.eos_token = eos_token

    def render(
        self,
        messages: Sequence[Message],
        tools: Tools | None = None,
        think: Think = None,
        *,
        add_generation_prompt: bool = True,
    ) -> str:
        """Return the prompt of a conversation, with the beginning of the model's turn.

        Many templates refuse a system message or two adjacent messages of one role. Those get the conversation a second
        time, with such messages joined and the system message put before the first user's.

        Raises:
            TemplateFailed: if the template does not parse, fails, refuses the conversation or does too much.
        """
        try:
            return self._render(messages, tools, think, add_generation_prompt)
        except TemplateRefused as refusal:
            simpler = simplified(messages)
            if simpler == list(messages):
                raise
            try:
                return self._render(simpler, tools, think, add_generation_prompt)
            except TemplateFailed:
                raise refusal from None

    def _render(self, messages: Sequence[Message], tools: Tools | None, think: Think, generation: bool) -> str:
        values: dict[str, Any] = {
            "messages": [as_mapping(message, parts=self._wants_parts) for message in messages],
            "tools": list(tools) if tools else None,
            "documents": None,
            "add_generation_prompt": generation,
            "bos_token": self.bos_token,
            "eos_token": self.eos_token,
            **switches(think),
        }
        return self._run(values)

    def _run(self, values: Mapping[str, Any]) -> str:
        from paddock.templates.jinja.sandbox import run

        return run(self._template, values)

    @cached_property
    def _wants_parts(self) -> bool:
        """Whether the template shows the content of messages only if it is a list of parts."""
        if not _PARTS.search(self.source):
            return False

        def shows(parts: bool) -> bool:
            message = as_mapping(Message("user", _PROBE), parts=parts)
            values = {"messages": [message], "bos_token": "", "eos_token": "", "add_generation_prompt": True}
            try:
                return _PROBE in self._run({"tools": None, "documents": None, **values})
            except TemplateFailed:
                return False

        return not shows(False) and shows(True)

    @cached_property
    def _template(self) -> "Template":
        if len(self.source) > MAX_CHAT_TEMPLATE_LENGTH:
            raise TemplateFailed(f"chat template: {len(self.source)} characters, more than {MAX_CHAT_TEMPLATE_LENGTH}")
        from paddock.templates.jinja.sandbox import compiled

        return compiled(self.source)

    def check(self) -> None:
        """Check that the template can be used.

        Raises:
            TemplateFailed: if it is too long or does not parse.
        """
        _ = self._template

    @property
    def mentions_tools(self) -> bool:
        """Whether the template looks at tools."""
        return bool({"tools", "custom_tools"} & self._names)

    @property
    def mentions_thinking(self) -> bool:
        """Whether the template has a switch for thinking, or reads the thinking of messages."""
        return bool({*_SWITCHES, "reasoning_effort", ".reasoning_content", ".thinking"} & self._names)

    @cached_property
    def _names(self) -> frozenset[str]:
        if len(self.source) > MAX_CHAT_TEMPLATE_LENGTH:
            return frozenset()
        from paddock.templates.jinja.sandbox import names_read

        return names_read(self.source)


@lru_cache(maxsize=64)
def chat_template(source: str, bos_token: str = "", eos_token: str = "") -> ChatTemplate:
    """Return the chat template with this text, which is parsed once."""
    return ChatTemplate(source, bos_token, eos_token)


def as_mapping(message: Message, *, parts: bool = False) -> dict[str, Any]:
    """Return a message as chat templates expect it: OpenAI's fields, arguments as a mapping, thinking under both names.

    With `parts`, the content is a list of one part, for templates that know no other form.
    """
    content = [{"type": "text", "text": message.content}] if parts else message.content
    mapping: dict[str, Any] = {"role": message.role, "content": content}
    if message.thinking:
        mapping["reasoning_content"] = mapping["thinking"] = message.thinking
    if message.tool_calls:
        mapping["tool_calls"] = [{"type": "function", **call} for call in message.tool_calls]
    if message.tool_name:
        mapping["name"] = message.tool_name
    if message.tool_call_id:
        mapping["tool_call_id"] = message.tool_call_id
    return mapping


_SWITCHES = ("enable_thinking", "thinking")


def switches(think: Think) -> dict[str, Any]:
    """Return the variables in which templates look for the switch of thinking; none if the request does not say."""
    if think is None:
        return {}
    effort = {"reasoning_effort": think} if isinstance(think, str) else {}
    return dict.fromkeys(_SWITCHES, bool(think)) | effort


def simplified(messages: Sequence[Message]) -> list[Message]:
    """Return a conversation as strict templates take it: roles joined, system messages before the first user's."""
    first_user = next((i for i, message in enumerate(messages) if message.role == "user"), None)
    moved = list(messages)
    if first_user is not None and any(message.role == "system" for message in messages):
        user = moved.pop(first_user)
        systems = [Message("user", message.content) for message in moved if message.role == "system"]
        others = [message for message in moved if message.role != "system"]
        place = sum(1 for message in messages[:first_user] if message.role != "system")
        moved = [*others[:place], *systems, user, *others[place:]]
    return joined_by_role(moved)
