from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.ipc.frames import HEADER
from paddock.templates import Message
from paddock.templates.errors import TemplateFailed
from paddock.workers.messages import (
    Answer,
    JobFailed,
    ReadTemplate,
    RenderChat,
    RenderCompletion,
    Rendered,
    TemplateFacts,
    TemplateSource,
    answer_frame,
    decode_answer,
    decode_job,
    job_frame,
)

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(st.text(), VALUES, max_size=3)
MESSAGES = st.lists(
    st.builds(
        Message,
        st.text(),
        st.text(),
        st.text(),
        st.lists(st.just(True), max_size=2),
        st.lists(OBJECTS, max_size=2),
        st.text(),
        st.text(),
    ),
    max_size=3,
)
SOURCES = st.builds(TemplateSource, st.none() | st.text(), st.none() | st.text(), st.text(), st.text(), st.text())


def body(frame: bytearray) -> bytes:
    assert HEADER.unpack_from(frame)[0] == len(frame) - HEADER.size
    return bytes(frame[HEADER.size :])


@given(SOURCES, MESSAGES, st.lists(OBJECTS, max_size=2), st.none() | st.booleans() | st.text())
def test_a_conversation_arrives_as_it_was_sent(
    source: TemplateSource, messages: list[Message], tools: list[dict[str, Any]], think: bool | str | None
) -> None:
    job = RenderChat(source, messages, tools, think)
    assert decode_job(body(job_frame(job))) == job


@given(st.builds(RenderCompletion, SOURCES, st.text(), st.text(), st.text(), MESSAGES, st.none(), st.integers(0, 9)))
def test_a_completion_arrives_as_it_was_sent(job: RenderCompletion) -> None:
    assert decode_job(body(job_frame(job))) == job
    assert decode_job(body(job_frame(ReadTemplate(job.source)))) == ReadTemplate(job.source)


@pytest.mark.parametrize(
    "outcome",
    [
        Rendered("a\nb"),
        JobFailed("no", True),
        TemplateFacts(),
        TemplateFacts(language="go", has_tools=True, thinking_tags=("<a>", "</a>"), call_texts=("a", "b", "c")),
        TemplateFacts(language="jinja", markers=frozenset({"<a>", "<b>"})),
    ],
)
def test_an_answer_arrives_as_it_was_sent(outcome: Rendered | JobFailed | TemplateFacts) -> None:
    answer = Answer(outcome, 0.5, True)
    assert decode_answer(body(answer_frame(answer))) == answer


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(TemplateFailed, match="not valid Unicode"):
        job_frame(ReadTemplate(TemplateSource("\udcff")))
