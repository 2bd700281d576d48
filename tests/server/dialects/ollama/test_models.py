import datetime
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.models.llama import tiny_llama
from tests.server.servers import ServerUnderTest, unchanged, until

KEYS_OF_PS = ["name", "model", "size", "digest", "details", "expires_at", "size_vram", "context_length"]
MODEL_LAYER = "application/vnd.ollama.image.model"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def delete(server: ServerUnderTest, *names: str) -> None:
    for name in names:
        assert server.request("DELETE", "/api/delete", {"model": name}).status == 200


def test_a_model_is_created_from_an_uploaded_file_which_is_kept_byte_for_byte(
    server: ServerUnderTest, tiny: Path
) -> None:
    digest = server.upload(tiny)
    answer = server.post("/api/create", {"model": "made", "files": {"a.gguf": digest}, "template": "{{ .Prompt }}"})
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    statuses = [line["status"] for line in answer.lines]
    assert statuses[0] == "parsing GGUF"
    assert statuses[-2:] == ["writing manifest", "success"]
    assert f"using existing layer {digest}" in statuses
    manifest = json.loads((server.models / "manifests/registry.ollama.ai/library/made/latest").read_bytes())
    assert next(x["digest"] for x in manifest["layers"] if x["mediaType"] == MODEL_LAYER) == digest
    assert (server.models / "blobs" / digest.replace(":", "-")).read_bytes() == tiny.read_bytes()
    delete(server, "made")


def test_a_model_is_created_from_another(server: ServerUnderTest) -> None:
    assert server.create("mario", **{"from": "tiny"}, system="You are Mario.").json == {"status": "success"}
    shown = server.post("/api/show", {"model": "mario"}).json
    assert (shown["system"], shown["template"]) == ("You are Mario.", "{{ .Prompt }}")
    assert shown["details"]["parent_model"].startswith("tiny") or "parent_model" in shown["details"]
    delete(server, "mario")
    assert server.generate("tiny").status == 200  # the shared blobs are still there


def test_a_model_is_created_from_a_modelfile_as_in_2024(server: ServerUnderTest) -> None:
    modelfile = 'FROM tiny\nSYSTEM You are Mario.\nTEMPLATE """{{ .System }}: {{ .Prompt }}"""\nPARAMETER stop X\n'
    answer = server.post("/api/create", {"name": "old", "modelfile": modelfile})
    statuses = [line["status"] for line in answer.lines]
    assert statuses[0] == "reading model metadata"
    assert "creating system layer" in statuses
    assert statuses[-2:] == ["writing manifest", "success"]
    shown = server.post("/api/show", {"name": "old"}).json
    assert (shown["system"], shown["template"]) == ("You are Mario.", "{{ .System }}: {{ .Prompt }}")
    again = server.post("/api/create", {"name": "again", "modelfile": shown["modelfile"], "stream": False})
    assert again.json == {"status": "success"}
    other = server.post("/api/show", {"name": "again"}).json
    assert {k: shown[k] for k in ("system", "template", "parameters")} == {
        k: other[k] for k in ("system", "template", "parameters")
    }
    delete(server, "old", "again")


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        ({"model": "x"}, 400, "neither 'from' or 'files' was specified"),
        ({"from": "tiny"}, 400, "invalid model name"),
        ({"model": "../../x", "from": "tiny"}, 400, "invalid model name"),
        ({"model": "a b", "from": "tiny"}, 400, "invalid model name"),
        ({"model": "..", "from": "tiny"}, 400, "invalid model name"),
        ({"model": "y", "files": {"../a.gguf": "sha256:" + "0" * 64}}, 400, "file path must be relative"),
        ({"model": "y", "files": {"/a.gguf": "sha256:" + "0" * 64}}, 400, "file path must be relative"),
        ({"model": "y", "files": {"a.gguf": "sha256:../../../etc/passwd"}}, 400, "invalid digest format"),
        ({"model": "y", "files": {"a.gguf": "sha256:" + "0" * 64}}, None, "not found"),
        (
            {"model": "y", "from": "tiny", "template": "{{ .Prompt"},
            400,
            "template error: template: :1: unclosed action",
        ),
        ({"model": "y", "from": "tiny", "parameters": {"nonsense": 1}}, 400, "unknown parameter 'nonsense'"),
        ({"model": "y", "from": "tiny", "parameters": {"temperature": "hot"}}, 400, 'option "temperature" must be'),
        ({"model": "y", "from": "tiny", "messages": [{"role": "robot", "content": "x"}]}, 400, "message role must be"),
        ({"model": "y", "from": "tiny", "license": 5}, 400, "license must be a string or a list of strings"),
        ({"model": "y", "from": "tiny", "requires": "abc"}, 400, "requires must be a version"),
        ({"model": "y", "from": "tiny", "quantize": "Q9"}, 400, "unsupported quantization type Q9 - supp"),
        ({"name": "y", "modelfile": "FRM tiny"}, 400, "(line 1): command must be one of"),
        ({"name": "y", "modelfile": "SYSTEM x"}, 400, "no FROM line"),
        ({"name": "y", "modelfile": "FROM /etc/passwd"}, 400, ""),
        ({"name": "y", "modelfile": 'FROM tiny\nSYSTEM """x'}, 400, ""),
        ({"name": "y", "path": "/etc/passwd"}, 400, "path of a Modelfile on the server is not accepted"),
    ],
)
def test_a_create_that_fails_says_why_and_leaves_the_folder_as_it_was(
    server: ServerUnderTest, body: dict[str, Any], status: int | None, error: str
) -> None:
    with unchanged(server):
        for stream in (False, True):
            answer = server.post("/api/create", {**body, "stream": stream})
            said = answer.lines[-1]["error"]
            assert error in said
            assert "\n" not in said
            if status is not None:
                assert answer.status == status
            assert answer.status < 500 or answer.status == 501


def test_a_blob_exists_after_its_upload_and_need_not_be_uploaded_again(server: ServerUnderTest) -> None:
    data = b"not a model, but a blob"
    digest = digest_of(data)
    path = f"/api/blobs/{digest}"
    assert server.request("HEAD", path).status == 404
    assert server.post(path, data).status == 201
    assert server.post(path, data).status == 200
    assert server.request("HEAD", path).status == 200
    dashed = path.replace("sha256:", "sha256-")
    assert server.request("HEAD", dashed).status == 200
    assert server.request("HEAD", path.replace(digest[7:], digest[7:].upper())).status == 200
    (server.models / "blobs" / digest.replace(":", "-")).unlink()


def test_a_blob_with_the_wrong_digest_is_dropped(server: ServerUnderTest) -> None:
    zeros = "sha256:" + "0" * 64
    with unchanged(server):
        answer = server.post(f"/api/blobs/{zeros}", b"hello")
    assert (answer.status, answer.error) == (
        400,
        f'digest mismatch, expected "{zeros}", got "{digest_of(b"hello")}"',
    )


def test_a_blob_is_dropped_if_its_upload_breaks_off(server: ServerUnderTest) -> None:
    head = f"POST /api/blobs/{digest_of(b'x' * 1000)} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n"
    with unchanged(server):
        server.exchange(head.encode() + b"x" * 500)
        until(lambda: not list(server.models.rglob("*tmp*")) and not list(server.models.rglob(".*")))


def test_tags_lists_the_newest_first_with_their_details(server: ServerUnderTest) -> None:
    for name in ("one", "example/Two_2.5:tag-x"):
        assert server.post("/api/copy", {"source": "tiny", "destination": name}).status == 200
    listed = server.get("/api/tags").json["models"]
    names = [model["name"] for model in listed]
    assert names[:2] == ["example/Two_2.5:tag-x", "one:latest"]
    keys = ["name", "model", "modified_at", "size", "digest", "details"]
    details = ["parent_model", "format", "family", "families", "parameter_size", "quantization_level"]
    for model in listed:
        assert list(model)[:6] == keys
        assert list(model["details"])[:6] == details
        assert len(model["digest"]) == 64
        assert datetime.datetime.fromisoformat(model["modified_at"]).tzinfo
    delete(server, "one", "example/Two_2.5:tag-x")


def test_show_returns_everything_but_long_arrays(server: ServerUnderTest) -> None:
    shown = server.post("/api/show", {"model": "tiny"}).json
    assert {"modelfile", "parameters", "template", "details", "model_info", "capabilities", "modified_at"} <= set(shown)
    assert shown["capabilities"] == ["completion"]
    assert "temperature                    0" in shown["parameters"].splitlines()
    assert shown["model_info"]["tokenizer.ggml.tokens"] is None
    assert shown["model_info"]["general.parameter_count"] > 100_000
    verbose = server.post("/api/show", {"model": "tiny", "verbose": True}).json
    assert len(verbose["model_info"]["tokenizer.ggml.tokens"]) == verbose["model_info"]["llama.vocab_size"]


def test_ps_lists_a_model_while_it_is_loaded(server: ServerUnderTest) -> None:
    server.unload_all()
    body = b'{"model":"tiny","prompt":"x","keep_alive":"400ms","options":{"num_predict":300}}'
    with server.connect() as connection:
        connection.sendall(
            b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
            % (len(body), body)
        )
        connection.recv(1)
        during = server.ps()["tiny:latest"]
        while connection.recv(65536):
            pass
    assert list(during)[:8] == KEYS_OF_PS
    assert during["digest"] == server.tags()["tiny:latest"]["digest"]
    assert during["context_length"] == 512
    assert during["size"] > 0
    assert len(server.runners()) == 1
    until(lambda: not server.ps())
    until(lambda: not server.runners())


def test_a_copy_is_the_same_model_and_names_are_found_in_any_case(server: ServerUnderTest) -> None:
    server.unload_all()
    assert server.post("/api/copy", {"source": "TINY", "destination": "Twin"}).body == b""
    assert server.tags()["Twin:latest"]["digest"] == server.tags()["tiny:latest"]["digest"]
    for name in ("twin", "tiny"):
        assert server.generate(name, options={"num_predict": 2}).status == 200
    assert len(server.runners()) == 1  # the same files need no second runner
    delete(server, "TWIN")
    assert "Twin:latest" not in server.tags()


@pytest.mark.parametrize(
    ("source", "destination", "status", "error"),
    [
        ("nope", "z", 404, 'model "nope" not found'),
        ("tiny", "a b//", 400, 'destination "a b//" is invalid'),
        ("a b", "z", 400, 'source "a b" is invalid'),
        ("tiny", "../../../etc/z", 400, 'destination "../../../etc/z" is invalid'),
        ("tiny", "", 400, 'destination "" is invalid'),
    ],
)
def test_an_invalid_copy_is_refused(
    server: ServerUnderTest, source: str, destination: str, status: int, error: str
) -> None:
    with unchanged(server):
        answer = server.post("/api/copy", {"source": source, "destination": destination})
    assert (answer.status, answer.error) == (status, error)


def test_delete_removes_the_blobs_that_no_other_model_uses(server: ServerUnderTest, tmp_path: Path) -> None:
    with unchanged(server):
        server.import_gguf("gone", tiny_llama(tmp_path / "gone.gguf", seed=9), template="{{ .Prompt }}")
        delete(server, "gone")
    answer = server.request("DELETE", "/api/delete", {"name": "gone"})
    assert (answer.status, answer.error) == (404, "model 'gone' not found")
    answer = server.request("DELETE", "/api/delete", {"model": "a b"})
    assert (answer.status, answer.error) == (400, 'name "a b" is invalid')


def test_a_deleted_model_is_unloaded(server: ServerUnderTest, tmp_path: Path) -> None:
    server.import_gguf("heavy", tiny_llama(tmp_path / "heavy.gguf", seed=7))
    server.post("/api/copy", {"source": "heavy", "destination": "twin"})
    server.generate("heavy", "", keep_alive=-1)
    delete(server, "twin")
    assert "heavy:latest" in server.ps()  # its files are still there
    delete(server, "heavy")
    assert "heavy:latest" not in server.ps()


def test_a_model_in_use_can_be_deleted_and_its_reply_continues(server: ServerUnderTest, tmp_path: Path) -> None:
    server.import_gguf("brief", tiny_llama(tmp_path / "brief.gguf", seed=8, context_length=2048))
    body = b'{"model":"brief","prompt":"x","options":{"num_predict":1000}}'
    with server.connect() as connection:
        head = b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
        connection.sendall(head % (len(body), body))
        received = connection.recv(4096)
        delete(server, "brief")
        while piece := connection.recv(65536):
            received += piece
    assert b'"done":true' in received
    assert server.generate("brief").status == 404


def test_a_models_folder_of_ollama_is_used_as_it_is(tmp_path: Path, tiny: Path) -> None:
    models = tmp_path / "ollama"
    blobs = models / "blobs"
    blobs.mkdir(parents=True)

    def blob(data: bytes, kind: str) -> dict[str, Any]:
        (blobs / digest_of(data).replace(":", "-")).write_bytes(data)
        return {"mediaType": kind, "digest": digest_of(data), "size": len(data)}

    config = {"model_format": "gguf", "model_family": "llama", "model_families": ["llama"], "model_type": "128K",
              "file_type": "F32",
              "architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": []}}  # fmt: skip
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": blob(json.dumps(config).encode(), "application/vnd.docker.container.image.v1+json"),
        "layers": [
            blob(tiny.read_bytes(), MODEL_LAYER),
            blob(b"{{ .System }}|{{ .Prompt }}", "application/vnd.ollama.image.template"),
            blob(b"You are here.", "application/vnd.ollama.image.system"),
            blob(b'{"stop":["X"],"temperature":0,"num_predict":3}', "application/vnd.ollama.image.params"),
        ],
    }
    path = models / "manifests/registry.ollama.ai/library/theirs/7b"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(manifest))
    with ServerUnderTest(tmp_path / "home", MODELS=str(models)) as server, unchanged(server):
        assert server.tags()["theirs:7b"]["digest"] == hashlib.sha256(path.read_bytes()).hexdigest()
        rendered = server.generate("theirs:7b", "hi", _debug_render_only=True).json["_debug_info"]["rendered_template"]
        assert rendered == "You are here.|hi"
        assert server.generate("theirs:7b").json["eval_count"] == 3


def test_a_models_folder_that_disappears_counts_as_empty(tmp_path: Path, tiny: Path) -> None:
    with ServerUnderTest(tmp_path) as server:
        server.import_gguf("tiny", tiny)
        shutil.rmtree(server.models)
        assert server.tags() == {}
        assert server.generate("tiny").status == 404
        server.import_gguf("tiny", tiny)
        assert list(server.tags()) == ["tiny:latest"]


@pytest.mark.parametrize("length", [255, 256, 300, 351])
def test_a_host_longer_than_a_file_name_is_refused(server: ServerUnderTest, length: int) -> None:
    name = f"{'h' * length}/ns/m"
    with unchanged(server):
        answers = [
            server.post("/api/show", {"model": name}),
            server.post("/api/copy", {"source": name, "destination": "x"}),
            server.create("x", files={}, modelfile=f"FROM tiny\nADAPTER {name}"),
            server.generate(name),
        ]
    assert {answer.status for answer in answers} <= {400, 404}
