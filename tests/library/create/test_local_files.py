from pathlib import Path

import pytest

from paddock.library.create.local_files import NoModelFiles, local_model_files, unique_names


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x")


def test_a_file_is_itself_wherever_relative_paths_begin(tmp_path: Path) -> None:
    write(tmp_path, "a/x.gguf")
    expected = {"x.gguf": tmp_path / "a" / "x.gguf"}
    assert local_model_files("a/x.gguf", tmp_path) == local_model_files("x.gguf", tmp_path / "a") == expected


def test_a_shard_stands_for_all_shards_and_a_missing_one_is_named(tmp_path: Path) -> None:
    names = [f"m-0000{number}-of-00003.gguf" for number in (1, 2, 3)]
    write(tmp_path, *names)
    assert local_model_files(names[1], tmp_path) == {name: tmp_path / name for name in names}
    (tmp_path / names[2]).unlink()
    with pytest.raises(NoModelFiles, match=r"^m-00003-of-00003.gguf is missing: the model is in 3 files$"):
        local_model_files(names[0], tmp_path)


def test_a_folder_is_its_gguf_files_or_its_checkpoint(tmp_path: Path) -> None:
    write(tmp_path, "a.safetensors", "config.json", "vocab.txt", "readme.md", "1_Dense/config.json", "1_Dense/m.bin")
    found = local_model_files(".", tmp_path)
    assert found is not None and sorted(found) == ["1_Dense/config.json", "a.safetensors", "config.json", "vocab.txt"]
    write(tmp_path, "x.gguf", "y.gguf")
    assert local_model_files("./", tmp_path) == {name: tmp_path / name for name in ("x.gguf", "y.gguf")}


def test_a_name_is_a_model_unless_it_is_written_as_a_path(tmp_path: Path) -> None:
    write(tmp_path, "llama/x.gguf")
    (tmp_path / "empty").mkdir()
    assert local_model_files("llama", tmp_path) is None and local_model_files("./nothing", tmp_path) is None
    assert local_model_files("./llama", tmp_path) == {"x.gguf": tmp_path / "llama" / "x.gguf"}
    with pytest.raises(NoModelFiles, match="no Modelfile or safetensors files found"):
        local_model_files("./empty", tmp_path)


def test_files_of_several_folders_get_names_of_their_own() -> None:
    files = {"a": Path("x/a"), "b": Path("x/b")}
    assert unique_names({"c"}, files, 1) == files
    assert unique_names({"b": 0}, files, 1) == {"1/a": Path("x/a"), "1/b": Path("x/b")}
