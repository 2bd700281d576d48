import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from paddock.cli.client import Client
from paddock.cli.commands.create import create
from paddock.cli.errors import CommandError
from tests.cli.canned import Canned, canned_server

WEIGHTS = b"GGUF not really"
DIGEST = "sha256:" + hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.answers["HEAD /"] = (200, b"")
        canned.answers[f"POST /api/blobs/{DIGEST}"] = (201, b"")
        canned.stream("POST /api/create", {"status": "success"})
        yield canned


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "weights.gguf").write_bytes(WEIGHTS)
    return tmp_path


def requested(server: Canned, modelfile: str, **options: Any) -> Any:
    Path("Modelfile").write_text(modelfile)
    create(Client(server.url), "mine", options.get("path"), options.get("quantize", ""))
    return server.bodies("POST /api/create")[-1]


@pytest.mark.parametrize("source", ["weights.gguf", "./weights.gguf", "~/weights.gguf", '"weights.gguf"'])
def test_a_local_file_is_sent_and_named_by_its_digest(server: Canned, source: str) -> None:
    request = requested(server, f"FROM {source}\nTEMPLATE {{{{ .Prompt }}}}\n")
    assert request == {"model": "mine", "files": {"weights.gguf": DIGEST}, "template": "{{ .Prompt }}"}
    assert server.bodies(f"POST /api/blobs/{DIGEST}") == [WEIGHTS]


def test_a_file_that_the_server_has_is_not_sent_again(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    server.answers[f"HEAD /api/blobs/{DIGEST}"] = (200, b"")
    requested(server, "FROM weights.gguf\n")
    assert server.bodies(f"POST /api/blobs/{DIGEST}") == []
    assert capsys.readouterr().err == f"gathering model components \ncopying file {DIGEST} 100% \nsuccess \n"


def test_paths_are_relative_to_the_modelfile(server: Canned, folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "weights.gguf").rename(folder / "sub" / "weights.gguf")
    (folder / "sub" / "File").write_text("FROM weights.gguf\n")
    create(Client(server.url), "mine", "sub/File", "")
    assert server.bodies("POST /api/create")[-1]["files"] == {"weights.gguf": DIGEST}


def test_a_source_that_is_not_a_file_is_the_name_of_a_model(server: Canned) -> None:
    assert requested(server, "FROM llama3.2\n", quantize="q4_K_M") == {
        "model": "mine",
        "from": "llama3.2",
        "quantize": "q4_K_M",
    }


def test_a_folder_stands_for_the_weights_in_it(server: Canned, folder: Path) -> None:
    assert requested(server, f"FROM {folder}\n")["files"] == {"weights.gguf": DIGEST}
    assert requested(server, "FROM .\n")["files"] == {"weights.gguf": DIGEST}


def test_a_folder_called_like_a_model_is_the_model(server: Canned, folder: Path) -> None:
    (folder / "stories").mkdir()
    assert requested(server, "FROM stories\n")["from"] == "stories"
    with pytest.raises(CommandError, match="no Modelfile or safetensors files found"):
        requested(server, "FROM ./stories\n")


def test_without_a_modelfile_the_folder_is_the_model(server: Canned) -> None:
    create(Client(server.url), "mine", None, "")
    assert server.bodies("POST /api/create") == [{"model": "mine", "files": {"weights.gguf": DIGEST}}]


def test_a_named_modelfile_must_exist(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="no Modelfile or safetensors files found"):
        create(Client(server.url), "mine", "Nofile", "")
    assert capsys.readouterr().err == "gathering model components \n"


def test_an_adapter_is_sent_like_a_model(server: Canned) -> None:
    request = requested(server, "FROM llama3.2\nADAPTER ./weights.gguf\n")
    assert request == {"model": "mine", "from": "llama3.2", "adapters": {"weights.gguf": DIGEST}}
    with pytest.raises(CommandError, match="there is no such file"):
        requested(server, "FROM llama3.2\nADAPTER ./nothing.gguf\n")


def test_every_instruction_of_a_modelfile_reaches_the_server(server: Canned) -> None:
    text = (
        "FROM llama3.2\nPARAMETER stop A\nPARAMETER stop B\nPARAMETER top_k 5\nSYSTEM Be brief.\nLICENSE MIT\n"
        "LICENSE Apache\nMESSAGE user hi\nMESSAGE assistant yo\nRENDERER r\nPARSER p\nREQUIRES 0.12.0\n"
    )
    assert requested(server, text) == {
        "model": "mine",
        "from": "llama3.2",
        "system": "Be brief.",
        "license": ["MIT", "Apache"],
        "parameters": {"stop": ["A", "B"], "top_k": 5},
        "messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yo"}],
        "renderer": "r",
        "parser": "p",
        "requires": "0.12.0",
    }


def test_a_refused_upload_is_the_servers_error(server: Canned) -> None:
    server.json(f"POST /api/blobs/{DIGEST}", {"error": "no space left"}, 500)
    with pytest.raises(CommandError, match=r"^no space left$"):
        requested(server, "FROM weights.gguf\n")


def test_a_modelfile_that_cannot_be_read_is_an_error(server: Canned, folder: Path) -> None:
    (folder / "Folder").mkdir()
    with pytest.raises(CommandError, match="Is a directory"):
        create(Client(server.url), "mine", "Folder", "")


def test_all_files_of_a_model_in_several_are_sent(server: Canned, folder: Path) -> None:
    names = [f"m-{number:05}-of-00003.gguf" for number in (1, 2, 3)]
    for name in names:
        (folder / name).write_bytes(WEIGHTS)
    for name in names:
        assert requested(server, f"FROM ./{name}\n")["files"] == dict.fromkeys(names, DIGEST)
    (folder / names[1]).unlink()
    with pytest.raises(CommandError, match=f"{names[1]} is missing: the model is in 3 files"):
        requested(server, f"FROM ./{names[0]}\n")


def test_files_of_one_name_from_two_adapters_get_different_names(server: Canned, folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "adapter_config.json").write_bytes(WEIGHTS)
        (folder / name / "adapter_model.safetensors").write_bytes(WEIGHTS)
    request = requested(server, "FROM llama3.2\nADAPTER ./a\nADAPTER ./b\n")
    first, second = ("adapter_model.safetensors", "adapter_config.json"), "1/"
    assert request["adapters"] == dict.fromkeys([*first, *(second + name for name in first)], DIGEST)


def test_each_measured_step_has_a_line(server: Canned, capsys: pytest.CaptureFixture[str]) -> None:
    steps = [{"status": s, "digest": "0" * 19, "total": 2000, "completed": 2000} for s in ("converting", "quantizing")]
    server.stream("POST /api/create", *steps, {"status": "success"})
    requested(server, "FROM llama3.2\n")
    printed = capsys.readouterr().err
    assert "converting: 100% 2 KB \nquantizing: 100% 2 KB \nsuccess" in printed
