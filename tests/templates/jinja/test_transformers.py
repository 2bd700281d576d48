"""Chat templates rendered as transformers do, by what `tools/record_chat_templates.py` has recorded of them."""

import json
from datetime import datetime
from typing import Any

import pytest

from paddock.templates import TemplateFailed
from paddock.templates.jinja.chat_template import ChatTemplate, simplified
from tests.templates.conversations import CONVERSATIONS, RECORDED, TEMPLATES, TOKENS, TOOLS, Case, cases, with_mark

RECORDINGS = {recording["case"]: recording for recording in json.loads(RECORDED.read_text("utf-8"))["recordings"]}


def ours(case: Case) -> str:
    template = ChatTemplate(TEMPLATES[case.template], **TOKENS)
    prompt = template.render(CONVERSATIONS[case.conversation], TOOLS if case.tools else None, case.think)
    return with_mark(prompt, datetime.now())


def test_every_template_has_recorded_renderings() -> None:
    assert set(RECORDINGS) == {case.name for case in cases()}
    assert len({case.template for case in cases() if "prompt" in RECORDINGS[case.name]}) >= 10


@pytest.mark.thorough
@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
def test_a_prompt_is_what_transformers_render(case: Case) -> None:
    recording = RECORDINGS[case.name]
    if "error" not in recording:
        assert ours(case) == recording["prompt"]
    elif (
        "prompt" in recording["again"]
        and simplified(CONVERSATIONS[case.conversation]) != CONVERSATIONS[case.conversation]
    ):
        assert ours(case) == recording["again"]["prompt"]
    else:
        with pytest.raises(TemplateFailed) as refused:
            ours(case)
        assert recording["error"].split("'")[0] in str(refused.value)


@pytest.mark.slow
def test_the_recorded_renderings_are_what_transformers_render_today() -> None:
    pytest.importorskip("transformers")
    from tools.record_chat_templates import recordings

    made: dict[str, Any] = {recording["case"]: recording for recording in recordings()}
    assert made == RECORDINGS
