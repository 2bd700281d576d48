"""The one door to prompts: which format a model has, and its prompts for chat, generate and fill-in-the-middle.

A model's RENDERER comes first; then its own TEMPLATE, in Go's language; else the chat template inside its GGUF, in
Jinja; else a chat is written as ChatML, as llama.cpp does by default, and a prompt of generate stands for itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.template import GoTemplate, Think, go_template
from paddock.templates.jinja.chat_template import ChatTemplate, Tools, chat_template
from paddock.templates.message import Message
from paddock.templates.placeholders import with_placeholders
from paddock.templates.renderers import UnknownRenderer, render, renderer_names

PLAIN = "{{ .Prompt }}"
"""The template of a model that brings none."""


@dataclass(frozen=True)
class PromptFormat:
    """How one model wants its prompts.

    Example:
        >>> PromptFormat.from_model("{{ .System }}|{{ .Prompt }}").generate("Hi", system="Be brief.")
        'Be brief.|Hi'
    """

    template: GoTemplate | None = None
    chat_template: ChatTemplate | None = None
    renderer: str = ""

    @classmethod
    def from_model(
        cls,
        template: str | None,
        chat_template_text: str | None = None,
        bos: str = "",
        eos: str = "",
        renderer: str = "",
    ) -> "PromptFormat":
        """The format of a model with this TEMPLATE layer, this `tokenizer.chat_template` with its tokens' texts, or
        this RENDERER.

        Raises:
            TemplateSyntax: if the TEMPLATE does not parse. A chat template is parsed when first used.
            UnknownRenderer: if there is no renderer of that name.
        """
        if renderer:
            if renderer not in renderer_names():
                raise UnknownRenderer(f'unknown renderer "{renderer}"')
            return cls(renderer=renderer)
        if template is not None:
            return cls(template=go_template(template))
        return cls(chat_template=chat_template(chat_template_text, bos, eos) if chat_template_text else None)

    @property
    def supports_suffix(self) -> bool:
        """Whether the model can fill in between a prompt and a suffix."""
        return self.template is not None and self.template.supports_suffix

    @property
    def supports_tools(self) -> bool:
        """Whether the prompt can tell the model of tools."""
        if self.template is not None:
            return "tools" in self.template.variables()
        return self.chat_template is not None and self.chat_template.mentions_tools

    def chat(self, messages: Sequence[Message], tools: Tools | None = None, think: Think = None) -> str:
        """The prompt of a conversation, ready for the model's turn.

        Raises:
            TemplateFailed: if the template fails on it or refuses it.
        """
        if self.renderer:
            return render(self.renderer, messages, tools or (), think)
        placed = with_placeholders(messages)
        if self.template is not None:
            return self.template.render(placed, tools or (), think)
        if self.chat_template is not None:
            return self.chat_template.render(placed, tools, think)
        return chatml(placed)

    def generate(
        self,
        prompt: str,
        system: str = "",
        suffix: str = "",
        messages: Sequence[Message] = (),
        think: Think = None,
        images: Sequence[object] = (),
    ) -> str:
        """The prompt for text that continues `prompt`, or stands between it and `suffix`.

        `messages` are the model's own history; they come after the system message, and not into a fill-in-the-middle.

        Raises:
            TemplateFailed: if the template fails on it, or has no place for a suffix.
        """
        if prompt and suffix:
            if self.template is None or not self.supports_suffix:
                raise TemplateFailed("the model's template has no place for a suffix")
            return self.template.insert(prompt, suffix, think)
        conversation = with_model_messages([Message("user", prompt, images=images)], system, messages)
        if self.template is None and self.chat_template is None and not self.renderer:
            return go_template(PLAIN).render(with_placeholders(conversation))
        return self.chat(conversation, think=think)


def with_model_messages(
    messages: Sequence[Message], system: str = "", history: Sequence[Message] = ()
) -> list[Message]:
    """A request's messages behind the model's own: SYSTEM, unless the request begins with one, then its history."""
    system_first = bool(messages) and messages[0].role == "system"
    own = [Message("system", system)] if system and not system_first else []
    return [*own, *history, *messages]


def chatml(messages: Sequence[Message]) -> str:
    """ChatML, what llama.cpp writes for a model without any template."""
    turns = "".join(f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n" for message in messages)
    return f"{turns}<|im_start|>assistant\n"
