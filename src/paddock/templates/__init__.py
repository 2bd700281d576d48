"""Rendering of prompts from messages: Go templates, Jinja chat templates and built-in renderers.

`prompt_template.PromptTemplate` renders the prompts of one model, in a worker. A template that cannot be used raises a
`TemplateError`.
"""

from paddock.templates.errors import TemplateError, TemplateFailed, TemplateRefused, TemplateSyntax
from paddock.templates.message import Message, prepend_model_messages

__all__ = [
    "Message",
    "TemplateError",
    "TemplateFailed",
    "TemplateRefused",
    "TemplateSyntax",
    "prepend_model_messages",
]
