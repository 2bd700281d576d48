from collections.abc import Callable

import pytest

from paddock.errors import ErrorKind
from paddock.templates.renderers.catalog import UnknownRenderer, leading_bos, renderer, renderer_names


def test_sizes_of_a_family_share_a_template_and_differ_in_their_options() -> None:
    small, large = renderer("gemma4-small"), renderer("gemma4-large")
    assert small.template == large.template == "gemma4"
    assert small.options != large.options


def test_renderers_of_one_template_set_the_same_variables() -> None:
    chosen = [renderer(name) for name in renderer_names()]
    variables = {(each.template, frozenset(each.options)) for each in chosen}
    assert len(variables) == len({each.template for each in chosen})


def test_a_renderer_that_leaves_the_first_token_to_the_tokenizer_has_no_text_of_it() -> None:
    assert (leading_bos("qwen3-coder"), leading_bos("gemma4")) == ("", "<bos>")


@pytest.mark.parametrize("find", [renderer, leading_bos])
def test_an_unknown_name_is_an_invalid_request(find: Callable[[str], object]) -> None:
    with pytest.raises(UnknownRenderer, match=r'^unknown renderer "gemma5"$') as refused:
        find("gemma5")
    assert refused.value.kind is ErrorKind.INVALID
