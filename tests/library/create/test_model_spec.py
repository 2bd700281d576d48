import dataclasses

import pytest

from paddock.errors import PaddockError
from paddock.library.create.model_spec import ModelSpec, validated

DIGEST = "sha256:" + "AB" * 32


def test_a_valid_specification_gets_its_canonical_form() -> None:
    spec = ModelSpec(
        files={"a/x.gguf": DIGEST.replace(":", "-")},
        adapters={"b.gguf": DIGEST},
        parameters={"top_k": 3.7, "seed": None, "temperature": 1},
        quantize="q4_k",
    )
    checked = validated(spec)
    assert checked.digests == (DIGEST.lower(), DIGEST.lower())
    assert checked.parameters == {"top_k": 3, "temperature": 1.0}
    assert checked.quantize == "Q4_K_M"
    assert validated(checked) == checked


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"files": {}}, "neither 'from' or 'files' was specified"),
        ({"files": {"": DIGEST}}, "file path must be relative"),
        ({"adapters": {"a/../b": DIGEST}}, "file path must be relative"),
        ({"adapters": {"C:/b": DIGEST}}, "file path must be relative"),
        ({"requires": "1.2.3.4"}, 'requires must be a version such as 0.14.0, not "1.2.3.4"'),
        ({"messages": [{"content": "x"}]}, 'message role must be one of "system", "user", or "assistant", not ""'),
        ({"template": "a }}\n{{ b"}, "template error: template: :2: unclosed action"),
        ({"files": {"a": "sha256:0"}}, "invalid digest format"),
        ({"parameters": {"nonsense": 1}}, "unknown parameter 'nonsense'"),
    ],
)
def test_a_mistake_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(PaddockError) as error:
        validated(dataclasses.replace(ModelSpec(files={"x.gguf": DIGEST}), **changes))  # type: ignore[arg-type]
    assert str(error.value) == message


@pytest.mark.parametrize("version", ["", "1", "v0.14.0", "0.14", "1.2.3-rc1+x.y"])
def test_versions_are_accepted(version: str) -> None:
    assert validated(ModelSpec(base="x", requires=version)).requires == version
