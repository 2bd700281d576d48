import json
import os
import re
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from paddock.errors import PaddockError
from paddock.gguf import GgufHeader, read_header
from paddock.library import gguf_cache
from paddock.library.create.create import ModelSpec
from paddock.library.names import ModelName
from paddock.library.store.files import DAY
from paddock.library.store.library import Library
from paddock.library.store.manifests import BrokenModel
from paddock.service.models import Catalog, CreateModel, local_time
from paddock.settings import Settings
from tests.conftest import SHARED
from tests.models.llama import tiny_file, tiny_llama

RECORDED = SHARED / "fixtures" / "http" / "ollama.jsonl"
GROUPS = ("create", "show", "disk", "copy", "delete", "tags")
BETTER = {
    *("quantize without a known type", "quantize lower case", "requantize", "quantization field"),
    *("bad parameter", "parameter type", "bad message role", "requires bad"),
}
"""Where Ollama's answer is not ours to copy (`reference/ollama-api.md`, "Better than Ollama")."""
LATER = {"show/rp"}
"""Capabilities that follow from a parser are not derived yet."""
ELSEWHERE = {"y:latest", "rp:latest", "q0:latest", "q8b:latest", "q8e:latest"}
"""In `/api/tags`: the first is what Ollama makes of a request that we refuse, the second as `LATER`, the others we
quantize where Ollama does not."""
REWRITTEN = {"general.file_type", "general.quantization_version"}
"""Ollama adds these to an imported GGUF; we keep the file as it is."""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(Library(tmp_path / "models"), Settings(models=tmp_path / "models"))


@pytest.fixture
def weights(catalog: Catalog, tmp_path: Path) -> str:
    return catalog.library.blobs.put(tiny_llama(tmp_path / "x.gguf", layers=1).read_bytes())[0]


def make(catalog: Catalog, model: str, **fields: Any) -> list[str]:
    statuses: list[str] = []
    catalog.create(wanted(model, **fields), lambda progress: statuses.append(progress.status))
    return statuses


def wanted(model: str, *, modelfile: str = "", path: str = "", **spec: Any) -> CreateModel:
    return CreateModel(model, ModelSpec(**spec), modelfile, path)


def test_the_recorded_cases_have_the_recorded_answers(catalog: Catalog, stories: Path) -> None:
    if not RECORDED.exists():
        pytest.skip("the recordings are not here")
    for path in stories.parent.glob("stories260K*.gguf"):
        catalog.library.blobs.put(path.read_bytes())
    catalog.library.blobs.put(b"hello")
    seen = dict.fromkeys(GROUPS, 0)
    differences = []
    for line in RECORDED.read_text("utf-8").split("\n"):
        case: dict[str, Any] = json.loads(line) if line else {"group": ""}
        if case["group"] not in GROUPS:
            continue
        label = f"{case['group']}/{case['name']}"
        if case["group"] == "disk":
            difference = differ_on_disk(catalog.library, case)
        else:
            request = case["request"].get("json", {} if case["request"]["method"] == "GET" else None)
            if request is None:  # no body: that is the server's to refuse
                continue
            got = json.loads(json.dumps(answer(catalog, case["group"], request)))
            difference = differ_from(case["response"], got)
        seen[case["group"]] += 1
        if difference and case["name"] not in BETTER and label not in LATER:
            differences.append(f"{label}: {difference}")
    assert differences == []
    assert min(seen.values()) > 0
    assert sum(seen.values()) >= 75


def answer(catalog: Catalog, group: str, request: dict[str, Any]) -> Any:
    lines: list[dict[str, str]] = []
    fields = dict(request)
    name = fields.pop("model", "") or fields.pop("name", "")
    actions: dict[str, Callable[[], Any]] = {
        "show": lambda: catalog.show(name, **fields),
        "copy": lambda: catalog.copy(request["source"], request["destination"]),
        "delete": lambda: catalog.delete(name),
        "tags": lambda: {"models": catalog.list()},
        "create": lambda: make_recorded(catalog, name, fields, lines),
    }
    try:
        return actions[group]()
    except PaddockError as error:
        return {"error": str(error), "before": lines}


def make_recorded(catalog: Catalog, name: str, fields: dict[str, Any], lines: list[dict[str, str]]) -> Any:
    fields.pop("stream", None)
    fields |= {"base": fields.pop("from", ""), "quantize": fields.pop("quantization", fields.get("quantize", ""))}
    fields.pop("name", None)
    if "license" in fields:
        licenses = fields.pop("license")
        if licenses == 5:  # that is the protocol's to refuse
            raise PaddockError("no text")
        fields["licenses"] = [licenses] if isinstance(licenses, str) else licenses
    catalog.create(wanted(name, **fields), lambda progress: lines.append({"status": progress.status}))
    return {"status": "success", "lines": lines}


def differ_from(wanted: dict[str, Any], got: Any) -> str | None:
    if "json" in wanted:
        return differ(wanted["json"], got)
    if "lines" not in wanted:
        return None if got is None else f"{got} for nothing"
    lines = [*got["before"], {"error": got["error"]}] if "error" in got else got["lines"]
    return differ([line_of(x) for x in wanted["lines"]], [line_of(x) for x in lines])


def line_of(line: dict[str, str]) -> str:
    text = line.get("status") or f"error: {line['error']}"
    return re.sub(r"(using existing|creating new) layer sha256:.*", "layer", text)


def differ(want: Any, got: Any, path: str = "") -> str | None:
    if path.endswith(".quantization_level") and (want, got) == ("unknown", "F32"):
        return None  # Ollama's rewriting loses the file type of "f32"
    if want == "<same as stories>" or re.search(r"(_at|digest|\.size|\.parent_model)$", path):
        return None
    if path.endswith(".error") and re.search(r"<models>|json: |<network", want):
        return None if got else "no error"
    if path.endswith((".tensors", ".models")):
        want, got = (sorted((i for i in x if i["name"] not in ELSEWHERE), key=lambda i: i["name"]) for x in (want, got))
    if path.endswith((".modelfile", ".parameters")):
        want, got = (sorted(re.sub(r"(?m)^#.*\n|^FROM .*", "", x).strip().split("\n")) for x in (want, got))
    if isinstance(want, dict) and isinstance(got, dict):
        known = [key for key in want if key not in REWRITTEN]
        missing = [key for key in known if key not in got]
        order = [key for key in got if key in known]
        if missing or (path == "" and order != known):
            return f"{path}: keys {list(got)} for {list(want)}"
        return next((d for key in known if (d := differ(want[key], got[key], f"{path}.{key}"))), None)
    if isinstance(want, list) and isinstance(got, list) and len(want) == len(got):
        return next((d for i in range(len(want)) if (d := differ(want[i], got[i], f"{path}[{i}]"))), None)
    return None if want == got and type(want) is type(got) else f"{path}: {got!r:.200} for {want!r:.200}"


def differ_on_disk(library: Library, case: dict[str, Any]) -> str | None:
    if case["manifest"] is None or case["name"] == "f32":  # its file type is known to us
        return None
    model = library.open(ModelName.parse(case["name"]))
    stored = json.loads(library.manifests.path(model.name).read_text())
    wanted = case["manifest"]
    for layer in (*wanted["layers"], *stored["layers"]):
        if layer["mediaType"].endswith(".model"):  # Ollama rewrites the file
            layer.update(digest="", size=0)
    texts = {
        layer.mediaType: library.blobs.read(layer.digest, 1 << 20).decode()
        for layer in model.manifest.layers
        if layer.kind != "model"
    }
    return f"{stored} for {wanted}" if stored != wanted else differ(case["texts"], texts, "texts")


def test_a_bare_model_shows_a_template_and_nothing_that_it_does_not_have(catalog: Catalog, weights: str) -> None:
    make(catalog, "bare", files={"x.gguf": weights})
    shown = catalog.show("bare")
    assert list(shown) == [
        *("modelfile", "template", "details", "model_info", "tensors", "capabilities", "modified_at"),
    ]
    assert shown["template"] == "{{ .Prompt }}"
    assert shown["details"] == {
        "parent_model": "",
        "format": "gguf",
        "family": "llama",
        "families": ["llama"],
        "parameter_size": "91K",
        "quantization_level": "F32",
        "context_length": 512,
        "embedding_length": 64,
    }


def test_the_modelfile_shown_makes_the_same_model(catalog: Catalog, weights: str) -> None:
    make(
        catalog,
        "one",
        files={"x.gguf": weights},
        template='{{ .System }}\n"{{ .Prompt }}"\n',
        system=" two\nlines ",
        licenses=["MIT", "a\nb"],
        parameters={"stop": ["</s>", " x", '"'], "temperature": 0.00001, "use_mmap": True, "seed": 2**40},
        messages=[{"role": "user", "content": "hi"}, {"role": "assistant", "content": '"yes"'}],
        renderer="r",
        parser="p",
    )
    make(catalog, "two", modelfile=catalog.show("one")["modelfile"])
    one, two = (catalog.library.open(ModelName.parse(name)) for name in ("one", "two"))
    assert one.manifest == two.manifest
    assert one.digest == two.digest
    assert catalog.show("one")["parameters"].split("\n") == [
        "seed                           1099511627776",
        'stop                           "</s>"',
        'stop                           " x"',
        'stop                           "\\""',
        "temperature                    1e-05",
        "use_mmap                       true",
    ]


def test_long_arrays_are_shown_only_when_asked_for(catalog: Catalog, weights: str) -> None:
    make(catalog, "x", files={"x.gguf": weights})
    assert catalog.show("x")["model_info"]["tokenizer.ggml.tokens"] is None
    verbose = catalog.show("x", verbose=True)["model_info"]
    assert verbose["tokenizer.ggml.tokens"][:3] == ["<unk>", "<s>", "</s>"]
    assert verbose["tokenizer.ggml.scores"][260] == -2
    assert list(verbose) == sorted(verbose)


@pytest.mark.parametrize(
    ("template", "metadata", "wanted"),
    [
        ("{{ .Prompt }}", {}, ["completion"]),
        ("{{ .Prompt }}{{ .Suffix }}", {}, ["completion", "insert"]),
        ("{{- range .Tools }}{{ . }}{{ end }}", {}, ["completion", "tools"]),
        ("{{ if .Thinking }}x{{ end }}{{ $.Tools }}", {}, ["completion", "tools", "thinking"]),
        ('{{ /* .Tools */ }}{{ ".Tools" }} .Tools {{ .ToolsX }}{{ .IsThinkSet }}', {}, ["completion"]),
        (None, {"llama.pooling_type": 1}, ["embedding"]),
        (None, {"llama.vision.block_count": 1}, ["completion", "vision"]),
    ],
)
def test_capabilities_follow_from_the_files(
    catalog: Catalog, tmp_path: Path, template: str | None, metadata: dict[str, int], wanted: list[str]
) -> None:
    digest, _ = catalog.library.blobs.put(tiny_file(tmp_path / "x.gguf", "llama", metadata).read_bytes())
    make(catalog, "x", files={"x.gguf": digest}, template=template)
    assert catalog.show("x")["capabilities"] == wanted
    assert catalog.list()[0]["capabilities"] == wanted


def test_a_projector_shows_what_it_is(catalog: Catalog, weights: str, tmp_path: Path) -> None:
    projector = tiny_file(tmp_path / "p.gguf", "clip", {"clip.projector_type": "mlp"})
    digest, _ = catalog.library.blobs.put(projector.read_bytes())
    make(catalog, "x", files={"x.gguf": weights, "p.gguf": digest})
    shown = catalog.show("x")
    assert shown["projector_info"]["clip.projector_type"] == "mlp"
    assert "vision" in shown["capabilities"]
    assert shown["modelfile"].count("\nFROM /") == 2


def test_a_projector_that_is_gone_is_told_without_saying_where_it_was(
    catalog: Catalog, weights: str, tmp_path: Path
) -> None:
    projector = tiny_file(tmp_path / "p.gguf", "clip", {"clip.projector_type": "mlp"})
    digest, _ = catalog.library.blobs.put(projector.read_bytes())
    make(catalog, "x", files={"x.gguf": weights, "p.gguf": digest})
    catalog.library.blobs.path(digest).unlink()
    with pytest.raises(BrokenModel, match="its projector cannot be read") as broken:
        catalog.capabilities(catalog.library.open(ModelName.parse("x")))
    assert str(tmp_path) not in str(broken.value)


def test_a_model_whose_file_is_damaged_is_still_listed(catalog: Catalog, weights: str) -> None:
    make(catalog, "x", files={"x.gguf": weights})
    catalog.library.blobs.path(weights).write_bytes(b"damaged")
    entry = catalog.list()[0]
    assert (entry["name"], entry["capabilities"], entry["details"]["family"]) == ("x:latest", [], "llama")
    with pytest.raises(PaddockError, match=r"^model 'x:latest' is broken: supplied file was not in GGUF format$"):
        catalog.show("x")


def test_the_request_level_mistakes_are_named_before_any_status(catalog: Catalog, weights: str) -> None:
    mistakes: list[tuple[dict[str, Any], str]] = [
        ({"path": "/etc/Modelfile"}, "the path of a Modelfile on the server is not accepted"),
        ({"modelfile": "SYSTEM x"}, "no FROM line"),
        ({"modelfile": f"FROM @{weights}", "quantize": "Q9"}, "unsupported quantization type Q9"),
    ]
    for fields, message in mistakes:
        with pytest.raises(PaddockError, match=message):
            catalog.creation(wanted("x", **fields))


def test_old_blobs_go_unless_the_settings_forbid_it(catalog: Catalog, tmp_path: Path) -> None:
    digest, _ = catalog.library.blobs.put(b"old")
    long_ago = time.time() - DAY - 60
    os.utime(catalog.library.blobs.path(digest), (long_ago, long_ago))
    assert Catalog(catalog.library, Settings(models=tmp_path, noprune=True)).prune() == 0
    assert catalog.prune() == 1


def test_times_are_local_to_the_nanosecond(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1_763_697_822_120_000_001
    try:
        for zone, wanted in [
            ("UTC", "2025-11-21T04:03:42.120000001Z"),
            ("Asia/Kolkata", "2025-11-21T09:33:42.120000001+05:30"),
            ("America/St_Johns", "2025-11-21T00:33:42.120000001-03:30"),
        ]:
            monkeypatch.setenv("TZ", zone)
            time.tzset()
            assert local_time(moment) == wanted
        monkeypatch.setenv("TZ", "UTC")
        time.tzset()
        assert local_time(1_763_697_822_000_000_000) == "2025-11-21T04:03:42Z"
        assert local_time(1_763_697_822_500_000_000) == "2025-11-21T04:03:42.5Z"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_listing_reads_the_head_of_each_file_once(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    weights = tiny_llama(tmp_path / "y.gguf", layers=1).read_bytes()
    digests = [catalog.library.blobs.put(weights + bytes([number]))[0] for number in range(80)]
    for number in range(240):
        make(catalog, f"m{number}", files={"y.gguf": digests[number % 80]}, system=f"{number}")
    read: list[Path] = []

    def counting(path: Path) -> GgufHeader:
        read.append(path)
        return actual(path)

    actual = read_header
    monkeypatch.setattr(gguf_cache, "_cache", OrderedDict())
    monkeypatch.setattr(gguf_cache, "read_header", counting)
    fresh = Catalog(Library(catalog.library.folder), Settings(models=catalog.library.folder))
    listed = fresh.list()
    assert [entry["name"] for entry in listed] == [f"m{number}:latest" for number in reversed(range(240))]
    assert len(read) == len(set(read)) == 80
    assert fresh.list() == listed
    assert len(read) == 80


def test_a_big_vocabulary_is_shown_fast_once_seen(catalog: Catalog) -> None:
    path = SHARED / "vocab" / "ggml-vocab-llama-bpe.gguf"
    if not path.exists():
        pytest.skip("the vocabulary is not here")
    digest, _ = catalog.library.blobs.put(path.read_bytes())
    make(catalog, "big", files={"big.gguf": digest})
    for first, again in ((catalog.list, catalog.list), (lambda: catalog.show("big"), lambda: catalog.show("big"))):
        first()
        times = []
        for _ in range(5):
            started = time.process_time()
            again()
            times.append(time.process_time() - started)
        assert min(times) < 0.015
