"""Imported vision-language checkpoints compute what transformers computes with the same weights and image."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
from tools.record_vision_checkpoints import CASES as KNOWN

from paddock.conversion.architectures.config import Config
from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.errors import ConversionError
from paddock.conversion.importing import import_language_model
from paddock.conversion.vision.projector import plan_projector
from paddock.engine.binding import LlamaModel
from paddock.engine.binding.mtmd import Projector
from paddock.gguf import read_header
from tests.conversion.checkpoints import difference, write_safetensors
from tests.conversion.vision_checkpoints import PLACE, PROMPT, RECORDED, recorded, sample_image, write_seeing_checkpoint
from tests.engine.multimodal.test_encoder import Bench, Pair

CASES = sorted(path.stem for path in RECORDED.glob("*.npz"))
MOST = {"f32": 2e-3, "f16": 1e-2}
"""Largest difference that passes, as a fraction of the range of the values."""


def imported(folder: Path, kind: str) -> tuple[Path, Path]:
    """The model and its projector."""
    text, sight = folder / f"{kind}.gguf", folder / f"mmproj-{kind}.gguf"
    checkpoint = Checkpoint.of_folder(folder)
    with text.open("wb") as file:
        import_language_model(checkpoint, file, kind)
    projector = plan_projector(checkpoint, kind)
    assert projector is not None
    with sight.open("wb") as file:
        projector.write(file)
    return text, sight


def test_every_case_is_recorded() -> None:
    assert sorted(KNOWN) == CASES


@pytest.mark.parametrize("kind", MOST)
@pytest.mark.parametrize("case", CASES)
def test_an_image_gets_the_embeddings_that_transformers_computes(tmp_path: Path, case: str, kind: str) -> None:
    theirs, logits, tokens, config, shapes = recorded(case)
    text, sight = imported(write_seeing_checkpoint(tmp_path / case, config, shapes), kind)
    pixels = sample_image(config["vision_config"]["image_size"])
    model = LlamaModel(str(text), gpu_layers=0)
    try:
        projector = Projector(str(sight), model)
        prepared = projector.prepare_image(*pixels.shape[:2], pixels.tobytes())
        (part,) = [number for number, chunk in enumerate(prepared.chunks) if chunk.num_embeddings]
        ours = np.frombuffer(projector.encode(prepared, part), np.float32).reshape(-1, projector.width)
        prepared.close()
        projector.close()
        assert ours.shape == theirs.shape
        assert difference(ours, theirs) < MOST[kind]
        file = io.BytesIO()
        PIL.Image.fromarray(pixels).save(file, "PNG")
        with Bench(Pair(case, model, sight)) as bench:
            noted = bench.answer(PROMPT, file.getvalue(), reply=1)
        length = noted.sequence.prompt_length
        assert [PLACE if token < 0 else token for token in noted.sequence.tokens[:length]] == tokens
        found = noted.rows[length - 1]
        assert difference(found, logits) < MOST[kind]
        assert found.argmax() == logits.argmax()
    finally:
        model.close()


NAMES = {
    "llava": {"vision_tower.": "vision_tower.vision_model."},
    "gemma3": {
        "language_model.model.": "model.language_model.",
        "vision_tower.": "model.vision_tower.vision_model.",
        "multi_modal_projector.": "model.multi_modal_projector.",
    },
}
"""Parts of tensor names in older and newer checkpoints."""


@pytest.mark.parametrize("case", NAMES)
def test_older_and_newer_tensor_names_give_the_same_files(tmp_path: Path, case: str) -> None:
    *_, config, shapes = recorded(case)
    now = imported(write_seeing_checkpoint(tmp_path / "now", config, shapes), "f16")
    other = imported(write_seeing_checkpoint(tmp_path / "other", config, shapes, NAMES[case]), "f16")
    for path, same in zip(now, other, strict=True):
        assert path.read_bytes() == same.read_bytes()


def test_a_projector_is_f16_when_the_model_is_bf16(tmp_path: Path) -> None:
    *_, config, shapes = recorded("gemma3")
    text, sight = imported(write_seeing_checkpoint(tmp_path / "bf16", config, shapes), "bf16")
    assert [read_header(path).file_type for path in (text, sight)] == ["BF16", "F16"]


@pytest.mark.parametrize("value", [70_000.0, -70_000.0, 65_504.0])
def test_a_matrix_beyond_16_bits_is_written_in_32(tmp_path: Path, value: float) -> None:
    *_, config, shapes = recorded("llava")
    folder = write_seeing_checkpoint(tmp_path / "wide", config, shapes)
    weights = {n: t.read(0, t.rows).reshape(t.shape).copy() for n, t in Checkpoint.of_folder(folder).tensors.items()}
    weights["multi_modal_projector.linear_2.weight"][3, 5] = value
    write_safetensors(folder / "model.safetensors", weights)
    _, sight = imported(folder, "bf16")
    written = {tensor.name: tensor.type for tensor in read_header(sight).tensors}
    assert written["mm.0.weight"] == "F16"
    assert written["mm.2.weight"] == ("F32" if abs(value) > 65_504 else "F16")
    path = imported(folder, "f32")[0]
    model = LlamaModel(str(path), gpu_layers=0)
    projector = Projector(str(sight), model)
    assert projector.width == config["text_config"]["hidden_size"]
    projector.close()
    model.close()


def test_colors_are_normalized_as_the_processor_says(tmp_path: Path) -> None:
    *_, config, shapes = recorded("llava")
    folder = write_seeing_checkpoint(tmp_path / "llava", config, shapes)
    said = {"image_mean": [0.1, 0.2, 0.3], "image_std": [1, 0.5, 0.25]}

    def found() -> tuple[Any, Any]:
        projector = plan_projector(Checkpoint.of_folder(folder))
        assert projector is not None
        return projector.metadata["clip.vision.image_mean"], projector.metadata["clip.vision.image_std"]

    assert found()[0][0] == 0.48145466
    (folder / "processor_config.json").write_text(json.dumps({"image_processor": said}))
    assert found() == tuple(said.values())
    (folder / "preprocessor_config.json").write_text(json.dumps({**said, "image_mean": [0.5] * 3}))
    assert found() == ([0.5] * 3, said["image_std"])
    for wrong in (
        {"image_std": [1, 0, 1]},
        {"image_mean": [1, 2]},
        {"image_mean": "grey"},
        {"image_std": [1, True, 2]},
        {"image_std": [1, 1e-60, 1]},
        {"image_std": [1, -1, 1]},
        {"image_mean": [0, 1e60, 0]},
        {"image_mean": [0, 10**400, 0]},
    ):
        (folder / "preprocessor_config.json").write_text(json.dumps({**said, **wrong}))
        with pytest.raises(ConversionError, match=r"preprocessor_config\.json: image_"):
            found()


def test_missing_values_of_published_configs_have_the_defaults_of_transformers() -> None:
    text = {"hidden_size": 2560, "intermediate_size": 10240, "model_type": "gemma3_text", "num_hidden_layers": 34,
            "rope_scaling": {"factor": 8.0, "rope_type": "linear"}, "sliding_window": 1024}  # fmt: skip
    config = Config({"architectures": ["Gemma3ForConditionalGeneration"], "model_type": "gemma3", "text_config": text})
    assert (config.width, config.heads, config.kv_heads, config.head_width) == (2560, 8, 4, 256)
    assert (config.rope().theta, config.rope().kind, config.number("rope_local_base_freq")) == (1e6, "linear", 1e4)
    mistral = Config({"architectures": ["LlavaForConditionalGeneration"], "text_config": {"model_type": "mistral"}})
    assert (mistral.architecture, mistral.kv_heads, mistral.integer("vocab_size")) == (
        "LlavaForConditionalGeneration",
        8,
        32000,
    )


def test_a_config_of_the_older_form_gives_the_same_files(tmp_path: Path) -> None:
    *_, config, shapes = recorded("gemma3-stretched")
    now = imported(write_seeing_checkpoint(tmp_path / "now", config, shapes), "f16")
    text = config["text_config"]
    assert text.pop("rope_parameters")["full_attention"]["factor"] == 8.0
    text["rope_scaling"] = {"factor": 8.0, "rope_type": "linear"}
    for unsaid in ("query_pre_attn_scalar", "rms_norm_eps", "layer_types"):
        text.pop(unsaid)
    text["query_pre_attn_scalar"] = text["head_dim"]
    older = imported(write_seeing_checkpoint(tmp_path / "older", config, shapes), "f16")
    for path, same in zip(now, older, strict=True):
        assert path.read_bytes() == same.read_bytes()


def tower(**changes: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda config, shapes: config["vision_config"].update(changes)


def outer(**changes: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda config, shapes: config.update(changes)


def tensor(name: str, shape: tuple[int, ...] | None) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(config: dict[str, Any], shapes: dict[str, Any]) -> None:
        shapes.pop(name, None)
        if shape is not None:
            shapes[name] = shape

    return change


_LAYER = "vision_tower.encoder.layers.1.mlp.fc1"
WRONG: dict[str, tuple[str, Callable[[dict[str, Any], dict[str, Any]], None], str]] = {
    "no tower described": ("gemma3", outer(vision_config=None), "does not describe the vision tower"),
    "tower of another kind": ("llava", tower(model_type="pixtral"), 'tower of the type "pixtral" cannot be imported'),
    "tower of no kind": ("llava", tower(model_type=[]), "cannot be imported; supported: siglip"),
    "gemma with clip": ("gemma3", tower(model_type="clip_vision_model"), "vision tower of the type clip is not"),
    "no patches": ("gemma3", tower(patch_size=0), "without width, layers, heads or patches"),
    "patch wider than the image": ("gemma3", tower(image_size=7), "sizes do not fit together"),
    "heads": ("llava", tower(num_attention_heads=5), "sizes do not fit together"),
    "width no number": ("llava", tower(hidden_size="wide"), "hidden_size must be a whole number"),
    "eps endless": ("gemma3", tower(layer_norm_eps=10**400), "layer_norm_eps must be a number"),
    "eps beyond floats": ("gemma3", tower(layer_norm_eps=1e300), "layer_norm_eps must be a number"),
    "eps below 0": ("gemma3", tower(layer_norm_eps=-1), "layer_norm_eps must be a number above 0"),
    "capped by text": (
        "gemma3",
        lambda config, _: config["text_config"].update(final_logit_softcapping="much"),
        "final_logit_softcapping must be a number",
    ),
    "grey": ("llava", tower(num_channels=1), "num_channels of a vision tower must be 3"),
    "square layers": ("llava", tower(intermediate_size=32), "whose intermediate_size is its hidden_size"),
    "activation": ("llava", tower(hidden_act="relu"), 'hidden_act "relu" of a vision tower is not imported'),
    "activation no text": ("llava", tower(hidden_act=7), "of a vision tower is not imported"),
    "vectors": ("gemma3", outer(mm_tokens_per_image=5), "8x8 patches cannot become 5 vectors"),
    "no vectors": ("gemma3", outer(mm_tokens_per_image=0), "8x8 patches cannot become 0 vectors"),
    "several layers": ("llava", outer(vision_feature_layer=[-2, -1]), "must be the number of one layer"),
    "layer beyond": ("llava", outer(vision_feature_layer=4), "must be the number of one layer"),
    "layer none": ("llava", outer(vision_feature_layer=0), "must be a layer"),
    "class token kept": ("llava", outer(vision_feature_select_strategy="full"), '"full" is not imported'),
    "first patch left out": ("llava-siglip", outer(vision_feature_select_strategy="default"), "for a siglip tower"),
    "no biases": ("llava", outer(multimodal_projector_bias=False), "a projector without biases"),
    "projector activation": ("llava", outer(projector_hidden_act="silu"), "projector_hidden_act must be gelu"),
    "text": ("llava", lambda config, _: config["text_config"].update(model_type="gpt2"), 'text model "gpt2" cannot'),
    "fewer layers": ("llava", tower(num_hidden_layers=2), "layers.2.* does not belong to a vision tower of clip"),
    "endless layers": ("llava", tower(num_hidden_layers=2**31 - 1), "2147483647 layers, the checkpoint has fewer"),
    "tensor missing": ("gemma3", tensor(f"{_LAYER}.bias", None), f"the checkpoint has no {_LAYER}.bias"),
    "tensor too small": ("gemma3", tensor(f"{_LAYER}.weight", (48, 31)), "has the shape .48, 31., config"),
    "more of a projector": ("llava", tensor("multi_modal_projector.linear_3.weight", (2, 2)), "linear_3.* not belong"),
    "tower of old": ("gemma3", tensor("vision_model.blocks.0.weight", (2, 2)), "vision_model.* does not belong"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_tower_that_contradicts_its_config_is_refused(tmp_path: Path, name: str) -> None:
    case, spoil, message = WRONG[name]
    *_, config, shapes = recorded(case)
    changed = dict(shapes)
    spoil(config, changed)
    folder = write_seeing_checkpoint(tmp_path / "wrong", config, changed)
    with pytest.raises(ConversionError, match=message):
        imported(folder, "f16")
