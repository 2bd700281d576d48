import random

from tools.fuzz.templates import GO_PIECES, JINJA_PIECES, changed_template, go_templates, jinja_templates


def test_there_are_real_templates_of_both_languages() -> None:
    assert len(go_templates()) >= 2
    assert len(jinja_templates()) >= 10


def test_a_changed_template_is_another_one_and_the_same_for_the_same_dice() -> None:
    for templates, pieces in ((go_templates(), GO_PIECES), (jinja_templates(), JINJA_PIECES)):
        changed = [changed_template(templates[-1], pieces, random.Random(seed)) for seed in range(40)]
        assert changed == [changed_template(templates[-1], pieces, random.Random(seed)) for seed in range(40)]
        assert len(set(changed) - {templates[-1]}) > 30
