"""Rendering of prompts from messages: Go templates, Jinja chat templates and built-in renderers.

`PromptTemplate` renders the prompts of one model. A template that cannot be used raises a `TemplateError`.
"""

from paddock.templates.errors import TemplateError, TemplateFailed, TemplateRefused, TemplateSyntax
from paddock.templates.message import Message
from paddock.templates.prompt_template import PromptTemplate, prepend_model_messages

__all__ = [
    "Message",
    "PromptTemplate",
    "TemplateError",
    "TemplateFailed",
    "TemplateRefused",
    "TemplateSyntax",
    "prepend_model_messages",
]
