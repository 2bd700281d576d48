import math
from collections.abc import Callable
from pathlib import Path

import pytest
from tools.fuzz.gguf_parts import take_apart

from paddock import ipc
from paddock.engine.gguf_compat.projector_keys import wrong_projector_key
from paddock.gguf.encoded import EncodedValue, f32, u32
from tests.engine.runners import RunnerUnderTest, load
from tests.models import kinds, projectors
from tests.models.damaged import rewritten
from tests.models.llama import tiny_file

WRITERS = [projectors.llava, projectors.gemma, projectors.ultravox, projectors.gemma_with_ears, projectors.qwen]


@pytest.mark.parametrize("write", [*WRITERS, projectors.deep_qwen])
def test_sound_projectors_have_keys_of_the_right_types(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    assert wrong_projector_key(write(tmp_path / "projector.gguf")) == ""


@pytest.mark.parametrize(
    ("key", "value", "wrong"),
    [
        ("clip.vision.image_size", "28", "an unsigned 32-bit integer"),
        ("clip.vision.patch_size", 7.0, "an unsigned 32-bit integer"),
        ("clip.audio.attention.head_count", True, "an unsigned 32-bit integer"),
        ("clip.vision.attention.layer_norm_epsilon", 1, "a 32-bit float"),
        ("clip.has_vision_encoder", 1, "true or false"),
        ("clip.projector_type", 1, "a text"),
        ("general.name", 1, "a text"),
    ],
)
def test_a_key_of_another_type_is_named(tmp_path: Path, key: str, value: str | int | float | bool, wrong: str) -> None:
    path = tiny_file(tmp_path / "projector.gguf", "clip", {key: value})
    assert wrong_projector_key(path) == f"{key} must be {wrong}"


def test_keys_that_llama_cpp_does_not_read_may_have_any_type(tmp_path: Path) -> None:
    path = tiny_file(tmp_path / "projector.gguf", "clip", {"clip.vision.image_sizes": "x", "x.clip.use_gelu": 1})
    assert wrong_projector_key(path) == ""


def test_what_is_no_gguf_is_left_to_llama_cpp(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("this is no projector")
    assert wrong_projector_key(path) == ""


@pytest.mark.parametrize("key", ["clip.vision.patch_size", "clip.use_gelu", "clip.projector_type"])
def test_a_runner_refuses_such_a_projector_in_a_sentence(tmp_path: Path, key: str) -> None:
    parts = take_apart(projectors.llava(tmp_path / "projector.gguf").read_bytes())
    parts.keys = [(name, 10, bytes(8)) if name == key else (name, kind, value) for name, kind, value in parts.keys]
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(parts.build())
    with RunnerUnderTest(load(kinds.full_attention(tmp_path / "model.gguf"), projector=damaged)) as runner:
        message = runner.expect(ipc.LoadFailed).message
    assert message.startswith(f"the projector's file is damaged: {key} must be ")


@pytest.mark.parametrize(
    ("write", "key", "value", "wrong"),
    [
        (projectors.llava, "clip.vision.attention.head_count", u32(0), "head_count is 0, and must divide"),
        (projectors.gemma, "clip.vision.attention.head_count", u32(3), "head_count is 3, and must divide"),
        (projectors.ultravox, "clip.audio.attention.head_count", u32(0), "clip.audio.attention.head_count is 0"),
        (projectors.qwen, "clip.vision.attention.layer_norm_epsilon", f32(-1.0), "layer_norm_epsilon is -1.0"),
        (projectors.llava, "clip.vision.attention.layer_norm_epsilon", f32(math.nan), "layer_norm_epsilon is nan"),
        (projectors.llava, "clip.vision.patch_size", u32(2), "patch_size is 2, and v.patch_embd.weight has patches"),
        (projectors.qwen, "clip.vision.embedding_length", u32(64), "embedding_length is 64, and v.patch_embd.weight"),
        (projectors.llava, "clip.vision.image_size", u32(56), "image_size is 56, of which v.position_embd.weight has"),
        (projectors.gemma, "clip.vision.image_size", u32(14), "image_size is 14, of which v.position_embd.weight has"),
    ],
)
def test_a_number_that_llama_cpp_would_abort_over_is_named(
    tmp_path: Path, write: Callable[[Path], Path], key: str, value: EncodedValue, wrong: str
) -> None:
    assert wrong in wrong_projector_key(rewritten(write(tmp_path / "projector.gguf"), {key: value}))
