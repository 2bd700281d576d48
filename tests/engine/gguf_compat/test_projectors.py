"""Image and audio encoders in a model's file of Ollama's form compute the same as in llama.cpp's projector files."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from gguf.quants import dequantize, quantize
from hypothesis import given, settings
from hypothesis import strategies as st

import gguf
from gguf import GGUFReader
from paddock.engine.binding import LlamaModel, LoadError
from paddock.engine.binding.mtmd import Projector
from paddock.engine.gguf_compat import translated_projector
from paddock.engine.gguf_compat.header import read_translatable
from paddock.engine.gguf_compat.translated_file import TranslatedFile
from paddock.gguf.encoded import EncodedValue, array, boolean, f32, u32
from paddock.gguf.encoded import text as string
from paddock.gguf.types import FLOAT32, INT32
from tests.engine.gguf_compat.encoder_cases import KINDS, LAYERS, MISTRAL, in_its_own_file, in_ollamas_words, short
from tests.examples import scaled
from tests.models import kinds, ollama_projectors, projectors
from tests.models.ollama_files import Tensors, rewritten
from tests.models.projectors import PATCH, SIZE, VISION_HEADS, VISION_WIDTH

Floats = npt.NDArray[np.float32]

BREAK_NAME, BREAK_PLACE = "v.token_embd.img_break", 300
"""The token at the end of a row: the tensor of its embedding in llama.cpp, and its number here."""


def shown(path: Path) -> TranslatedFile:
    view = translated_projector(path)
    assert view is not None
    return view


def pixels(width: int, height: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8).tobytes()


def seen(path: Path, text: Path, size: tuple[int, int], view: TranslatedFile | None = None) -> Floats:
    """Return the embeddings of an image, one per row."""
    model = LlamaModel(str(text))
    projector = Projector(str(path), model, translated=view)
    prepared = projector.prepare_image(*size, pixels(*size))
    return _encoded(projector, prepared, model)


def heard(path: Path, text: Path, view: TranslatedFile | None = None) -> Floats:
    """Return the embeddings of a second of noise."""
    model = LlamaModel(str(text))
    projector = Projector(str(path), model, translated=view)
    noise = np.random.default_rng(2).standard_normal(projector.sample_rate).astype(np.float32) * 0.1
    return _encoded(projector, projector.prepare_audio(noise), model)


def _encoded(projector: Projector, prepared: Any, model: LlamaModel) -> Floats:
    try:
        parts = [i for i, chunk in enumerate(prepared.chunks) if chunk.num_embeddings]
        found = np.concatenate([np.frombuffer(projector.encode(prepared, i), np.float32) for i in parts])
        return found.reshape(-1, projector.width)
    finally:
        prepared.close()
        projector.close()
        model.close()


def assert_same(found: Floats, expected: Floats) -> None:
    """Assert that these are the same embeddings, and not zeros."""
    assert found.shape == expected.shape
    assert np.isfinite(expected).all()
    spread = float(expected.std())
    assert spread > 1e-2
    assert np.abs(expected[0] - expected[1]).max() > 0.1 * spread
    assert np.abs(found - expected).max() <= 1e-4 * spread


@pytest.mark.parametrize("name", KINDS)
def test_an_encoder_in_the_models_file_computes_the_same_as_in_a_file_of_its_own(tmp_path: Path, name: str) -> None:
    kind = KINDS[name]
    text, encoder = kind.text(tmp_path / "text.gguf"), kind.write(tmp_path / "encoder.gguf")
    own = in_its_own_file(tmp_path / "own.gguf", encoder, kind)
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, kind)
    with shown(one) as view:
        assert_same(seen(one, text, kind.image_size, view), seen(own, text, kind.image_size))


def test_gemma_4_has_vision_and_audio(tmp_path: Path) -> None:
    kind = KINDS["gemma4"]
    text = kind.text(tmp_path / "text.gguf")
    encoder = ollama_projectors.gemma4(tmp_path / "encoder.gguf", ears=True)
    audio: dict[str, Any] = {
        "audio.block_count": 2,
        "audio.embedding_length": VISION_WIDTH,
        "audio.feed_forward_length": 4 * VISION_WIDTH,
    }
    audio |= {"audio.attention.head_count": VISION_HEADS, "audio.attention.layer_norm_epsilon": 1e-6}
    convolutions = ("a.conv1d.0.weight", "a.conv1d.1.weight", *(f"a.blk.{i}.conv_dw.weight" for i in LAYERS))
    kind = replace(kind, keys={**kind.keys, **audio}, floats=(*kind.floats, *convolutions))
    own = in_its_own_file(tmp_path / "own.gguf", encoder, kind)
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, kind)
    with shown(one) as view:
        assert_same(seen(one, text, kind.image_size, view), seen(own, text, kind.image_size))
        assert_same(heard(one, text, view), heard(own, text))


def test_gemma_4s_limits_may_be_in_one_tensor(tmp_path: Path) -> None:
    kind = KINDS["gemma4"]
    text, encoder = kind.text(tmp_path / "text.gguf"), kind.write(tmp_path / "encoder.gguf")
    own = in_its_own_file(tmp_path / "own.gguf", encoder, kind)
    parts = ("attn_q", "attn_k", "attn_v", "attn_out", "ffn_gate", "ffn_up", "ffn_down")
    linear = [*(f"v.blk.{layer}.{part}" for layer in LAYERS for part in parts), "mm.input_projection"]
    limits = {"input_min": -1e30, "input_max": 1e30, "output_min": -1e30, "output_max": 1e30}

    def packed(tensors: Tensors) -> None:
        found = [tensors.pop(f"{name}.{end}", np.array([limit])) for name in linear for end, limit in limits.items()]
        assert min(found) == -1e30
        assert max(found) == 1e30
        tensors["v.clamp_data"] = np.concatenate(found).astype(np.float32)

    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, kind, packed)
    with shown(one) as view:
        assert_same(seen(one, text, kind.image_size, view), seen(own, text, kind.image_size))


def test_parts_of_the_attention_of_different_types_are_joined(tmp_path: Path) -> None:
    kind = KINDS["qwen3vl"]
    text, encoder = kind.text(tmp_path / "text.gguf"), kind.write(tmp_path / "encoder.gguf")
    names = [f"v.blk.{layer}.attn_v.weight" for layer in LAYERS]

    def quantized(tensors: Tensors) -> None:
        for name in names:
            tensors[name] = quantize(tensors[name], gguf.GGMLQuantizationType.Q8_0)

    def joined(tensors: Tensors) -> None:
        original = {tensor.name: np.array(tensor.data) for tensor in GGUFReader(encoder).tensors}
        for layer in LAYERS:
            name = f"v.blk.{layer}.attn_qkv.weight"
            q, k, v = np.split(original[name], 3)
            bytes_of_v = quantize(v, gguf.GGMLQuantizationType.Q8_0)
            parts = [short(q), short(k), dequantize(bytes_of_v, gguf.GGMLQuantizationType.Q8_0)]
            tensors[name] = np.concatenate([part.astype(np.float32) for part in parts])

    own = in_its_own_file(tmp_path / "own.gguf", encoder, kind, joined)
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, kind, quantized)
    with shown(one) as view:
        assert_same(seen(one, text, kind.image_size, view), seen(own, text, kind.image_size))


TABLES: dict[str, Callable[[Floats], npt.NDArray[Any]]] = {
    "32 bits": lambda table: table,
    "16 bits": short,
    "Q8_0": lambda table: quantize(table, gguf.GGMLQuantizationType.Q8_0),
}


@pytest.mark.parametrize("table", TABLES)
def test_the_embedding_that_ends_pixtrals_rows_comes_from_the_model(tmp_path: Path, table: str) -> None:
    text, encoder = MISTRAL.text(tmp_path / "text.gguf"), MISTRAL.write(tmp_path / "encoder.gguf")
    reader = GGUFReader(text)
    tokens = reader.fields["tokenizer.ggml.tokens"].contents()
    tokens[BREAK_PLACE] = ollama_projectors.BREAK
    kind = replace(MISTRAL, more={"tokenizer.ggml.tokens": tokens})
    stored = TABLES[table](next(np.array(t.data) for t in reader.tensors if t.name == "token_embd.weight"))
    if stored.dtype == np.uint8:
        row = dequantize(stored[BREAK_PLACE : BREAK_PLACE + 1], gguf.GGMLQuantizationType.Q8_0)[0]
    else:
        row = stored[BREAK_PLACE].astype(np.float32)

    own = in_its_own_file(tmp_path / "own.gguf", encoder, kind, lambda tensors: tensors.update({BREAK_NAME: row}))
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, kind, table=stored)
    with shown(one) as view:
        found = seen(one, text, kind.image_size, view)
    assert_same(found, seen(own, text, kind.image_size))
    columns, rows = kind.image_size[0] // PATCH // 2, kind.image_size[1] // PATCH // 2
    assert len(found) == (columns + 1) * rows - 1
    breaks = found[columns :: columns + 1]
    assert len(breaks) == rows - 1
    np.testing.assert_array_equal(breaks, np.tile(row, (rows - 1, 1)))


def test_a_pixtral_whose_vocabulary_has_no_such_token_is_refused(tmp_path: Path) -> None:
    text, encoder = MISTRAL.text(tmp_path / "text.gguf"), MISTRAL.write(tmp_path / "encoder.gguf")
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, MISTRAL)
    with shown(one) as view, pytest.raises(LoadError, match="img_break"):
        seen(one, text, MISTRAL.image_size, view)


def test_an_empty_array_of_color_statistics_gets_the_default(tmp_path: Path) -> None:
    kind = KINDS["qwen35"]
    text, encoder = kind.text(tmp_path / "text.gguf"), kind.write(tmp_path / "encoder.gguf")
    nothing: dict[str, Any] = {"vision.image_mean": [], "vision.image_std": []}
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, replace(kind, keys={**kind.keys, **nothing}))
    halves = {"vision.image_mean": [0.5] * 3, "vision.image_std": [0.5] * 3}
    said = in_ollamas_words(tmp_path / "said.gguf", text, encoder, replace(kind, keys={**kind.keys, **halves}))
    with shown(one) as view, shown(said) as expected:
        assert_same(seen(one, text, kind.image_size, view), seen(said, text, kind.image_size, expected))


def test_a_qwen_with_full_attention_in_every_layer_has_no_windows(tmp_path: Path) -> None:
    kind = KINDS["qwen25vl"]
    text, encoder = kind.text(tmp_path / "text.gguf"), kind.write(tmp_path / "encoder.gguf")
    own = in_its_own_file(tmp_path / "own.gguf", encoder, kind)
    whole = rewritten(tmp_path / "whole.gguf", [own], "clip", keys={"clip.vision.n_wa_pattern": 0})
    keys = {**kind.keys, "vision.fullatt_block_indexes": [0, 1]}
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, replace(kind, keys=keys))
    with shown(one) as view:
        assert_same(seen(one, text, kind.image_size, view), seen(whole, text, kind.image_size))


def test_llavas_first_files_get_the_type_that_they_do_not_name(tmp_path: Path) -> None:
    text, own = kinds.full_attention(tmp_path / "text.gguf"), projectors.llava(tmp_path / "own.gguf")
    early = rewritten(tmp_path / "early.gguf", [own], "clip", drop=["clip.projector_type"])
    with pytest.raises(LoadError):
        seen(early, text, (SIZE, SIZE))
    with shown(early) as view:
        assert_same(seen(early, text, (SIZE, SIZE), view), seen(own, text, (SIZE, SIZE)))


@pytest.mark.parametrize(
    "write", [projectors.llava, projectors.deep_qwen, projectors.gemma_with_ears, projectors.ultravox]
)
def test_a_projector_in_llama_cpps_form_is_not_translated(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    assert translated_projector(write(tmp_path / "own.gguf")) is None


def test_an_audio_projector_without_a_type_is_not_translated(tmp_path: Path) -> None:
    own = projectors.ultravox(tmp_path / "own.gguf")
    assert (
        translated_projector(rewritten(tmp_path / "silent.gguf", [own], "clip", drop=["clip.projector_type"])) is None
    )


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A file of each kind."""
    found = {}
    for name, kind in {**KINDS, "mistral3": MISTRAL}.items():
        folder = tmp_path_factory.mktemp(name)
        text, encoder = kind.text(folder / "text.gguf"), kind.write(folder / "encoder.gguf")
        found[name] = in_ollamas_words(folder / "one.gguf", text, encoder, kind)
    return found


MOST = 2**32 - 1
VALUES = st.one_of(
    st.sampled_from([0, 1, MOST]).map(u32),
    st.sampled_from([0.0, -1.0, 1e-40, float("nan"), float("inf")]).map(f32),
    st.sampled_from(["", "clip", "\N{SNOWMAN}"]).map(string),
    st.booleans().map(boolean),
    st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3).map(lambda numbers: array(INT32, numbers)),
    st.lists(st.floats(width=32), max_size=3).map(lambda numbers: array(FLOAT32, numbers)),
)


@pytest.mark.parametrize("name", [*KINDS, "mistral3"])
@settings(max_examples=scaled(25), deadline=None)
@given(data=st.data())
def test_any_encoder_metadata_is_translated_or_left_alone(
    files: dict[str, Path], name: str, data: st.DataObject
) -> None:
    path = files[name].with_name("odd.gguf")
    with files[name].open("rb") as file:
        head = read_translatable(file)
    own = [key for key in head.metadata if key.startswith((f"{name}.vision.", f"{name}.sam.", f"{name}.mm."))]
    said: dict[str, EncodedValue] = data.draw(st.dictionaries(st.sampled_from(own), VALUES, min_size=1, max_size=3))
    head.metadata.update(said)
    with TranslatedFile(files[name].open("rb"), head) as said_so, path.open("wb") as odd:
        said_so.copy_to(odd)
    view = translated_projector(path)
    if view is not None:
        view.close()


def test_an_encoder_whose_rows_do_not_fit_its_heads_is_refused(tmp_path: Path) -> None:
    text, encoder = MISTRAL.text(tmp_path / "text.gguf"), MISTRAL.write(tmp_path / "encoder.gguf")
    odd = replace(MISTRAL, keys={**MISTRAL.keys, "vision.attention.head_count": 5})
    one = in_ollamas_words(tmp_path / "one.gguf", text, encoder, odd)
    with shown(one) as view, pytest.raises(LoadError, match=r"attn_q\.weight cannot be translated"):
        seen(one, text, MISTRAL.image_size, view)
