"""Prompts of models whose config names a renderer instead of carrying a template.

What Ollama writes for such a model, byte for byte: `templates/` holds the formats, one Jinja template a family, and
`catalog` says which renderer uses which. The templates are our own, so they run in a plain environment: no limits, no
sandbox.
"""

from paddock.templates.renderers.catalog import UnknownRenderer, leading_bos, renderer_names
from paddock.templates.renderers.rendering import render

__all__ = ["UnknownRenderer", "leading_bos", "render", "renderer_names"]
