from pathlib import Path

import numpy as np
import pytest

from paddock.engine.gguf_compat import TranslatedFile, translated_model, translated_projector
from paddock.gguf import read_header
from tests.models.llama import tiny_file
from tests.models.ollama_files import Tensors, rewritten


def written(path: Path, translated: TranslatedFile | None) -> Path:
    assert translated is not None
    with translated, path.open("wb") as file:
        translated.copy_to(file)
    return path


def test_a_renamed_architecture_gets_llama_cpps_name_and_loses_its_encoders(tmp_path: Path) -> None:
    path = tiny_file(tmp_path / "x.gguf", "olmo3", {"olmo3.block_count": 2})
    header = read_header(written(tmp_path / "out.gguf", translated_model(path)))
    assert (header.architecture, header.number("block_count")) == ("olmo2", 2)


def test_a_language_model_loses_the_encoders_in_its_file(tmp_path: Path) -> None:
    own = tiny_file(tmp_path / "x.gguf", "llama4", {"llama4.block_count": 2})
    assert translated_model(own) is None

    def add_encoders(tensors: Tensors) -> None:
        tensors |= {name: np.zeros((2, 2), np.float32) for name in ("v.a.weight", "mm.b.weight")}

    path = rewritten(tmp_path / "y.gguf", [own], "llama4", change=add_encoders)
    header = read_header(written(tmp_path / "out.gguf", translated_model(path)))
    assert [tensor.name for tensor in header.tensors] == ["some.weight"]


def test_an_old_llava_projector_gets_the_type_that_it_must_have(tmp_path: Path) -> None:
    keys = {"clip.has_vision_encoder": True}
    path = tiny_file(tmp_path / "x.gguf", "clip", keys)
    header = read_header(written(tmp_path / "out.gguf", translated_projector(path)))
    assert header.text("clip.projector_type") == "mlp"
    assert translated_projector(tiny_file(tmp_path / "y.gguf", "clip", {"clip.has_audio_encoder": True})) is None
    named = tiny_file(tmp_path / "z.gguf", "clip", {**keys, "clip.vision.projector_type": "x"})
    assert translated_projector(named) is None


def test_a_malformed_file_is_left_to_llama_cpp_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ratio = float(np.float32(1e-45))
    path = tiny_file(tmp_path / "x.gguf", "llama4", {"llama4.vision.pixel_shuffle_ratio": ratio})
    assert translated_projector(path) is None
    assert "x.gguf is not translated" in caplog.text


def test_a_broken_file_is_left_to_llama_cpp(tmp_path: Path) -> None:
    path = tmp_path / "bad.gguf"
    path.write_bytes(b"GGUF and then nothing")
    assert translated_model(path) is None
    assert translated_projector(path) is None


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        translated_model(tmp_path / "none.gguf")
