"""A command that leaves everything open is small, and says what the documents say it means."""

from typing import get_args

from paddock import ipc


def test_what_has_its_default_is_not_sent() -> None:
    assert len(ipc.encode(ipc.Generate(id=1, prompt="hello"))) < 40


def test_every_request_has_an_id_that_its_answers_repeat() -> None:
    requests = {kind for kind in get_args(ipc.Command) if "id" in kind.__struct_fields__}
    assert requests == {ipc.Generate, ipc.Cancel, ipc.Tokenize, ipc.Measure, ipc.Embed}
    answers = (ipc.Chunk, ipc.Finished, ipc.Failed, ipc.Tokens, ipc.Measured, ipc.Vector)
    assert all("id" in answer.__struct_fields__ for answer in answers)


def test_thinking_tags_are_closed_by_themselves_unless_they_say_otherwise() -> None:
    assert ipc.ThinkingTags("<think>", "</think>").forced_closing == ""
