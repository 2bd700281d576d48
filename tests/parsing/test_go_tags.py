import pytest

from paddock.parsing.go_tags import ANY_OBJECT, thinking_tags, tool_tag
from tests.parsing.recorded import FIXTURES, rows

TEMPLATES = sorted(FIXTURES.glob("tool-templates/*/template.gotmpl"))
SNIPPETS = list(rows(FIXTURES / "template-snippets" / "infer.jsonl"))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.parent.name)
def test_the_tags_of_a_recorded_template_are_found(path) -> None:  # type: ignore[no-untyped-def]
    facts = next(rows_of_json(path.parent / "facts.json"))
    template = path.read_bytes().decode()
    assert (list(thinking_tags(template)), tool_tag(template)) == (facts["thinking_tags"], facts["tool_call_tag"])
