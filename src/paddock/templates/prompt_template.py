"""The prompt template of a model, and its prompts for chat, generate and fill-in-the-middle.

A model's RENDERER comes first, then its own TEMPLATE in Go's language, then the chat template inside its GGUF file, in
Jinja. Without any of them, a chat is rendered as ChatML, as llama.cpp does by default, and the prompt of generate is
used as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter

from paddock.templates.errors import TemplateFailed
from paddock.templates.go.template import GoTemplate, go_template
from paddock.templates.jinja.chat_template import ChatTemplate, chat_template
from paddock.templates.message import Message, Think, Tools, prepend_model_messages
from paddock.templates.placeholders import with_placeholders
from paddock.templates.renderers import UnknownRenderer, render, renderer_names

_images = attrgetter("images")

PLAIN = "{{ .Prompt }}"
"""The template of a model that has none."""


@dataclass(frozen=True)
class PromptTemplate:
    """The template by which one model's prompts are rendered: at most one of the three fields is set.

    Example:
        >>> PromptTemplate.from_model("{{ .System }}|{{ .Prompt }}").generate("Hi", system="Be brief.")
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
    ) -> "PromptTemplate":
        """Return the prompt template of a model.

        Args:
            template: the TEMPLATE layer, in Go's language.
            chat_template_text: the metadata `tokenizer.chat_template`, in Jinja.
            bos: the text of the token that begins a sequence, for the chat template.
            eos: the text of the token that ends one.
            renderer: the name of a RENDERER.

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

    def chat(self, messages: Sequence[Message], tools: Tools | None = None, think: Think = None) -> str:
        """Return the prompt of a conversation, with the beginning of the model's turn.

        Raises:
            TemplateFailed: if the template fails on it or refuses it.
        """
        if self.renderer:
            return render(self.renderer, messages, tools or (), think)
        placed = with_placeholders(messages) if any(map(_images, messages)) else messages
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
        """Return the prompt for a text that continues `prompt`, or stands between it and `suffix`.

        The model's own history, `messages`, follows the system message; with a suffix, both are left out.

        Raises:
            TemplateFailed: if the template fails on it, or has no place for a suffix.
        """
        if prompt and suffix:
            if self.template is None or not self.supports_suffix:
                raise TemplateFailed("the model's template has no place for a suffix")
            return self.template.insert(prompt, suffix, think)
        conversation = prepend_model_messages([Message("user", prompt, images=images)], system, messages)
        if self.template is None and self.chat_template is None and not self.renderer:
            return go_template(PLAIN).render(with_placeholders(conversation))
        return self.chat(conversation, think=think)


def chatml(messages: Sequence[Message]) -> str:
    """Return the ChatML prompt, which llama.cpp uses for a model without any template."""
    turns = "".join(f"<|im_start|>{message.role}\n{message.content}<|im_end|>\n" for message in messages)
    return f"{turns}<|im_start|>assistant\n"
