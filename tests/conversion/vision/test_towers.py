from typing import Any

import pytest

from paddock.conversion.architectures.config import Config
from paddock.conversion.errors import ConversionError
from paddock.conversion.vision.towers import activation, linear, tower_of

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "image_size": 28,
    "patch_size": 14,
}


def test_a_clip_tower_has_a_class_embedding_and_siglip_a_patch_bias() -> None:
    clip, siglip = (tower_of({**SMALL, "model_type": f"{kind}_vision_model"}) for kind in ("clip", "siglip"))
    assert (clip.side, clip.has_class_embedding, siglip.has_class_embedding) == (2, True, False)
    ours = {name: {target for target, _ in tower.tensors(1, last_norm=False).values()} for name, tower in
            (("clip", clip), ("siglip", siglip))}  # fmt: skip
    assert ours["clip"] - ours["siglip"] == {"v.class_embd", "v.pre_ln.weight", "v.pre_ln.bias"}
    assert ours["siglip"] - ours["clip"] == {"v.patch_embd.bias"}


def test_only_the_layers_that_are_used_have_tensors() -> None:
    tower = tower_of({**SMALL, "model_type": "clip_vision_model"})
    assert not any("layers.2." in name for name in tower.tensors(2, last_norm=False))
    assert "post_layernorm.weight" in tower.tensors(3, last_norm=True)
    assert tower.settings(2, [0.5] * 3, [0.5] * 3)["clip.vision.block_count"] == 2


def test_values_that_are_null_have_the_default() -> None:
    assert tower_of({"model_type": "siglip_vision_model", "hidden_size": None}).width == 768


def test_a_linear_layer_has_a_bias_unless_it_has_none() -> None:
    assert linear("a", "b", 2, 3) == {"a.weight": ("b.weight", (2, 3)), "a.bias": ("b.bias", (2,))}
    assert linear("a", "b", 2, 3, bias=False) == {"a.weight": ("b.weight", (2, 3))}


def test_activations_are_named_by_their_keys() -> None:
    assert activation(Config({"act": "silu"}), "act", "gelu") == {"clip.use_silu": True}
    assert activation(Config({}), "act", "quick_gelu") == {}
    with pytest.raises(ConversionError, match='act "relu"'):
        activation(Config({"act": "relu"}), "act", "gelu")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model_type": "pixtral"}, '"pixtral" cannot be imported'),
        ({"num_channels": 1}, "must be 3"),
        ({"patch_size": 0}, "without width, layers, heads or patches"),
        ({"num_attention_heads": 5}, "do not fit together"),
        ({"image_size": 7}, "do not fit together"),
        ({"intermediate_size": 32}, "intermediate_size is its hidden_size"),
    ],
)
def test_impossible_towers_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        tower_of({**SMALL, "model_type": "clip_vision_model", **changes})
