import pytest

from paddock.templates import Message
from paddock.templates.go.analysis import MAX_TEMPLATE_LENGTH
from paddock.workers import jobs
from paddock.workers.jobs import run, template_facts
from paddock.workers.messages import (
    JobFailed,
    ReadTemplate,
    RenderChat,
    RenderCompletion,
    Rendered,
    TemplateFacts,
    TemplateSource,
)

HI = [Message("user", "Hi")]


def test_prompts_are_rendered_by_whatever_the_source_has() -> None:
    for source, prompt in (
        (TemplateSource(), "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
        (TemplateSource("{{ .Prompt }}!"), "Hi!"),
        (TemplateSource(None, "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}", "<s>", "</s>"), "<s>Hi</s>"),
        (TemplateSource(renderer="qwen3-coder"), "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n"),
    ):
        assert run(RenderChat(source, HI)) == Rendered(prompt)


def test_a_completion_has_its_system_message_history_images_and_suffix() -> None:
    source = TemplateSource("{{ .System }}|{{ range .Messages }}{{ .Content }};{{ end }}")
    job = RenderCompletion(source, "Hi", "S", history=[Message("assistant", "before")], images=2)
    assert run(job) == Rendered("S|S;before;[img-0][img-1]Hi;")
    middle = RenderCompletion(TemplateSource("{{ .Prompt }}<fill>{{ .Suffix }}"), "a", suffix="b")
    assert run(middle) == Rendered("a<fill>b")


def test_a_failure_is_an_outcome(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = TemplateSource(None, "{{ raise_exception('no') }}")
    assert run(RenderChat(refused, HI)) == JobFailed("chat template: no")

    def broken(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(jobs, "_prompts", broken)
    assert run(RenderChat(TemplateSource(), HI)) == JobFailed("rendering the prompt needs too much memory")


def test_a_fault_of_ours_is_told_from_one_of_the_template(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr(jobs, "_prompts", broken)
    assert run(RenderChat(TemplateSource(), HI)) == JobFailed("KeyError: 'x'", is_ours=True)


def test_a_go_template_tells_what_it_has_a_place_for() -> None:
    assert template_facts(TemplateSource("{{ .Prompt }}")) == TemplateFacts(language="go")
    facts = template_facts(TemplateSource("{{ .Prompt }}{{ .Suffix }}{{ .Tools }}{{ .Think }}"))
    assert (facts.has_suffix, facts.has_tools, facts.has_thinking, facts.is_harmony) == (True, True, True, False)
    assert template_facts(TemplateSource("<|start|><|channel|><|message|>{{ .Prompt }}")).is_harmony


def test_a_chat_template_tells_what_it_has_a_place_for() -> None:
    facts = template_facts(TemplateSource(None, "{% if tools %}<tool_call>{% endif %}</think>"))
    assert (facts.has_tools, facts.has_thinking) == (True, True)
    assert facts.markers == {"<tool_call>", "</think>"}
    assert template_facts(TemplateSource()) == TemplateFacts()


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        (TemplateSource("{{ .Tools"), "template: :1: unclosed action"),
        (TemplateSource("{{ .Tools }}" + "x" * MAX_TEMPLATE_LENGTH), "template: :1: template has 131084 characters"),
        (TemplateSource(None, "{% if tools %}"), "chat template: Unexpected end of template"),
        (TemplateSource(None, "{{ tools|nonsense }}"), "chat template: No filter named 'nonsense'"),
    ],
)
def test_a_template_that_does_not_parse_tells_why_and_nothing_else(source: TemplateSource, problem: str) -> None:
    facts = run(ReadTemplate(source))
    assert isinstance(facts, TemplateFacts)
    assert facts.problem.startswith(problem)
    assert facts == TemplateFacts(problem=facts.problem, language="go" if source.template else "jinja")
