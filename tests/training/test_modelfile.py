"""The shipped template writes what training reads; neither needs the model or PyTorch."""

from dataclasses import replace
from random import Random

import pytest
from training.chat_format import prompt
from training.corpus.registry import SKILLS, draw
from training.corpus.skill import Skill
from training.example import Call, Conversation, Example, Hole, Reply, Tool, Turn
from training.ship import MODELFILE

from paddock.library.modelfile import modelfile_fields, parse
from paddock.templates import Message
from paddock.templates.prompt_template import PromptTemplate


def shipped() -> PromptTemplate:
    return PromptTemplate.from_model(modelfile_fields(parse(MODELFILE.read_text("utf-8"))).template)


def in_order(conversation: Conversation) -> Conversation:
    """Go templates see parameters and arguments sorted by name."""

    def calls(turn: Turn) -> tuple[Call, ...]:
        return tuple(Call(c.name, dict(sorted(c.arguments.items()))) for c in turn.calls)

    tools = tuple(Tool(t.name, t.description, tuple(sorted(t.parameters))) for t in conversation.tools)
    return replace(conversation, turns=tuple(replace(t, calls=calls(t)) for t in conversation.turns), tools=tools)


def offered(tool: Tool) -> dict[str, object]:
    properties = {name: {"type": kind} for name, kind in tool.parameters}
    parameters = {"type": "object", "properties": properties}
    return {
        "type": "function",
        "function": {"name": tool.name, "description": tool.description, "parameters": parameters},
    }


def messages(conversation: Conversation) -> list[Message]:
    system = [Message("system", conversation.system)] if conversation.system else []
    return system + [
        Message(
            turn.role,
            turn.content,
            tool_calls=[{"function": {"name": c.name, "arguments": c.arguments}} for c in turn.calls],
        )
        for turn in conversation.turns
    ]


def test_the_shipped_template_writes_what_training_reads() -> None:
    form, rng = shipped(), Random(1)
    for i in range(600):
        example, think = draw(rng), i % 2 == 0
        if isinstance(example, Hole):
            if example.prefix and example.suffix:
                assert form.generate(example.prefix, suffix=example.suffix) == prompt(example, False)
            continue
        unanswered = in_order(replace(example, turns=example.turns[:-1]))
        assert form.chat(messages(unanswered), [offered(t) for t in unanswered.tools], think) == prompt(
            unanswered, think
        )


@pytest.mark.thorough
@pytest.mark.parametrize("skill", SKILLS, ids=lambda skill: skill.name)
def test_what_is_held_out_is_not_learned(skill: Skill) -> None:
    """A prompt counts as the same where the system message and the last question, with what tools
    answered to it, are the same.
    """

    def question(example: Example) -> tuple[str, str]:
        if isinstance(example, Hole):
            return example.prefix, example.suffix
        last = max(i for i, turn in enumerate(example.turns) if turn.role == "user")
        given = [turn.content.lower() for turn in example.turns[last:] if turn.role != "assistant"]
        return example.system.lower(), "\n".join(given)

    held, rng = {question(check.prompt) for check in skill.held_out()}, Random(2)
    for _ in range(2000):
        assert question(skill.example(rng)) not in held


def test_every_skill_has_fifty_prompts_and_an_empty_reply_passes_none() -> None:
    for skill in SKILLS:
        checks = skill.held_out()
        assert len(checks) >= 50, skill.name
        assert not any(check.passes(Reply("")) for check in checks), skill.name
