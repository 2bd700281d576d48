from collections.abc import Iterator

import pytest
from tools.fuzz.rendering import Rendering
from tools.fuzz.templates import MESSAGES, TOOL


@pytest.fixture(scope="module")
def rendering() -> Iterator[Rendering]:
    one = Rendering()
    yield one
    one.close()


@pytest.mark.parametrize(
    ("template", "outcome"),
    [
        ("{% for m in messages %}{{ m.role }}{% endfor %}", "jinja: rendered"),
        ("{% for", "jinja: refused"),
        ("{{ raise_exception('no') }}", "jinja: refused"),
        ("{{ 5|round(-10000000) }}", "jinja: too much"),
        ("{{ (1).to_bytes(3000000000,'big') }}", "jinja: refused"),
        ("{% for i in range(999999999) %}x{% endfor %}", "jinja: refused"),
    ],
)
def test_templates_are_rendered_or_refused_in_a_sentence(rendering: Rendering, template: str, outcome: str) -> None:
    assert rendering.render(template, MESSAGES, [TOOL]) == (outcome, "")
