"""The work itself, as plain functions: reading what a template tells, and rendering prompts."""

import sys
import traceback

from paddock.parsing.formats.chat_template import markers_in, thinking_tags_of_markers
from paddock.parsing.formats.harmony import is_harmony
from paddock.templates.errors import TemplateError
from paddock.templates.go.template import go_template
from paddock.templates.jinja.chat_template import chat_template
from paddock.templates.prompt_template import PromptTemplate
from paddock.workers.messages import (
    Job,
    JobFailed,
    Outcome,
    ReadTemplate,
    RenderChat,
    RenderCompletion,
    Rendered,
    TemplateFacts,
    TemplateSource,
)


def run(job: Job) -> Outcome:
    """Do a job; what goes wrong is its outcome, too."""
    try:
        match job:
            case ReadTemplate():
                return template_facts(job.source)
            case RenderChat():
                return Rendered(_prompts(job.source).chat(job.messages, job.tools, job.think))
            case RenderCompletion():
                images = (True,) * job.images
                prompts = _prompts(job.source)
                return Rendered(prompts.generate(job.prompt, job.system, job.suffix, job.history, job.think, images))
    except TemplateError as error:
        return JobFailed(str(error))
    except MemoryError:
        return JobFailed("rendering the prompt needs too much memory")
    except Exception as error:  # a fault of ours, which must not end the worker
        traceback.print_exc(file=sys.stderr)
        return JobFailed(f"{type(error).__name__}: {error}", is_ours=True)


def template_facts(source: TemplateSource) -> TemplateFacts:
    """Return what a template tells about its model; one that does not parse tells nothing but that."""
    try:
        if source.template is not None:
            return _facts_of_go(source.template)
        return _facts_of_jinja(source.chat_template) if source.chat_template else TemplateFacts()
    except TemplateError as error:
        language = "go" if source.template is not None else "jinja"
        return TemplateFacts(problem=str(error), language=language)


def _facts_of_go(text: str) -> TemplateFacts:
    template = go_template(text)
    shown = template.analysis
    return TemplateFacts(
        language="go",
        has_tools="tools" in shown.variables,
        has_thinking=bool(shown.variables & {"thinking", "think"}),
        has_suffix="suffix" in shown.variables,
        is_harmony=is_harmony(text),
        thinking_tags=shown.thinking_tags,
        tool_call_prefix=shown.tool_call_prefix,
        call_texts=shown.call_texts,
    )


def _facts_of_jinja(text: str) -> TemplateFacts:
    template = chat_template(text)
    template.check()
    markers = markers_in(text)
    shows_thinking = thinking_tags_of_markers(markers) is not None or is_harmony(text)
    return TemplateFacts(
        language="jinja",
        has_tools=template.mentions_tools,
        has_thinking=template.mentions_thinking or shows_thinking,
        is_harmony=is_harmony(text),
        markers=markers,
    )


def _prompts(source: TemplateSource) -> PromptTemplate:
    return PromptTemplate.from_model(source.template, source.chat_template, source.bos, source.eos, source.renderer)
