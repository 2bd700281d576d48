import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.templates.go.outline import OutlineNode, nested, pieces


def outline(text: str) -> list[tuple[str, str]]:
    return [(node.kind, node.code) for node in pieces(text)]


def test_texts_actions_and_comments_come_in_their_order() -> None:
    assert outline("a {{ .B }}{{/* c */}}{{ if .D }}{{ end }}") == [
        ("text", "a "),
        ("action", ".B"),
        ("comment", "/* c */"),
        ("if", ".D"),
        ("end", ""),
    ]


def test_a_dash_trims_the_text_beside_it() -> None:
    assert outline("a \n{{- .B -}}\n c") == [("text", "a"), ("action", ".B"), ("text", "c")]
    assert outline("a {{-.B-}} c") == [("text", "a "), ("action", "-.B-"), ("text", " c")]


def test_an_action_that_is_not_closed_is_text() -> None:
    assert outline("a {{ .B") == [("text", "a {{ .B")]
    assert outline('{{ "}} ') == [("text", '{{ "}} ')]


def test_statements_are_in_the_branch_of_their_block() -> None:
    (block,) = nested(pieces("{{ if .A }}a{{ else if .B }}b{{ else }}c{{ end }}"))
    assert block.body == [OutlineNode("text", "a")]
    (second,) = block.otherwise
    assert (second.kind, second.code) == ("if", ".B")
    assert (second.body, second.otherwise) == ([OutlineNode("text", "b")], [OutlineNode("text", "c")])


def test_definitions_are_left_out() -> None:
    assert nested(pieces('{{ define "x" }}a{{ end }}b{{ end }}{{ end }}')) == [OutlineNode("text", "b")]


@pytest.mark.parametrize("text", ["{{", '{{"', "{{/*", "{{ `", "{{ if }}{{"])
def test_many_actions_that_are_not_closed_cost_no_more_than_their_length(text: str) -> None:
    start = time.process_time()
    list(pieces(text * 20_000))
    assert time.process_time() - start < 2


@given(st.lists(st.sampled_from(["{{", "}}", "-", " ", "if", "else", "end", ".A", '"', "`", "/*", "*/", "x"])))
def test_any_text_has_an_outline(words: list[str]) -> None:
    nested(pieces("".join(words)))
