"""Messages to prompt, whatever dialect they came in: Go templates and Jinja chat templates.

`PromptFormat` is the door; a template that cannot be used raises a `TemplateError`.
"""

from paddock.templates.errors import TemplateError, TemplateFailed, TemplateRefused, TemplateSyntax
from paddock.templates.message import Message
from paddock.templates.render import PromptFormat, with_model_messages

__all__ = [
    "Message",
    "PromptFormat",
    "TemplateError",
    "TemplateFailed",
    "TemplateRefused",
    "TemplateSyntax",
    "with_model_messages",
]
