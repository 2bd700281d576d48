"""Prompts of models whose configuration names a renderer instead of containing a template.

They are the same as Ollama's, byte for byte. `templates/` contains one Jinja template for each family of models, and
`catalog` maps renderers to templates. The templates are our own, so they run without limits and without a sandbox.
"""

from paddock.templates.renderers.catalog import UnknownRenderer, leading_bos, renderer_names
from paddock.templates.renderers.rendering import render

__all__ = ["UnknownRenderer", "leading_bos", "render", "renderer_names"]
