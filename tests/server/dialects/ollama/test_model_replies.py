import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import to_builtins

from paddock.errors import PaddockError
from paddock.library.names import ModelName
from paddock.library.options import check_options
from paddock.library.store.library import Library
from paddock.protocol.json import encode
from paddock.server.dialects.ollama.model_replies import listed, shown
from paddock.service.models import ModelService
from tests.calls import count_calls
from tests.conftest import SHARED
from tests.models.llama import tiny_file
from tests.service.making import make, order

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


def show(
    models: ModelService,
    name: str,
    *,
    verbose: bool = False,
    system: str | None = None,
    template: str | None = None,
    options: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """Answer as `/api/show` does. As with Ollama, `template` changes nothing."""
    found = models.show(name, with_arrays=verbose)
    reply = shown(found, verbose=verbose, system=system, overrides=check_options(options or {}))
    return cast(dict[str, Any], json.loads(encode(reply)))


def test_the_recorded_cases_have_the_recorded_answers(models: ModelService, stories: Path) -> None:
    if not RECORDED.exists():
        pytest.skip("the recorded cases are not here")
    for path in stories.parent.glob("stories260K*.gguf"):
        models.library.blobs.put(path.read_bytes())
    models.library.blobs.put(b"hello")
    seen = dict.fromkeys(GROUPS, 0)
    differences = []
    for line in RECORDED.read_text("utf-8").split("\n"):
        case: dict[str, Any] = json.loads(line) if line else {"group": ""}
        if case["group"] not in GROUPS:
            continue
        label = f"{case['group']}/{case['name']}"
        if case["group"] == "disk":
            difference = differ_on_disk(models.library, case)
        else:
            request = case["request"].get("json", {} if case["request"]["method"] == "GET" else None)
            if request is None:  # no body: that is the server's to refuse
                continue
            got = json.loads(json.dumps(answer(models, case["group"], request)))
            difference = differ_from(case["response"], got)
        seen[case["group"]] += 1
        if difference and case["name"] not in BETTER and label not in LATER:
            differences.append(f"{label}: {difference}")
    assert differences == []
    assert min(seen.values()) > 0
    assert sum(seen.values()) >= 75


def answer(models: ModelService, group: str, request: dict[str, Any]) -> Any:
    lines: list[dict[str, str]] = []
    fields = dict(request)
    name = fields.pop("model", "") or fields.pop("name", "")
    actions: dict[str, Callable[[], Any]] = {
        "show": lambda: show(models, name, **fields),
        "copy": lambda: models.copy(request["source"], request["destination"]),
        "delete": lambda: models.delete(name),
        "tags": lambda: {"models": [to_builtins(listed(model)) for model in models.list()]},
        "create": lambda: make_recorded(models, name, fields, lines),
    }
    try:
        return actions[group]()
    except PaddockError as error:
        return {"error": str(error), "before": lines}


def make_recorded(models: ModelService, name: str, fields: dict[str, Any], lines: list[dict[str, str]]) -> Any:
    fields.pop("stream", None)
    fields |= {"base": fields.pop("from", ""), "quantize": fields.pop("quantization", fields.get("quantize", ""))}
    fields.pop("name", None)
    if "license" in fields:
        licenses = fields.pop("license")
        if licenses == 5:  # that is the protocol's to refuse
            raise PaddockError("no text")
        fields["licenses"] = [licenses] if isinstance(licenses, str) else licenses
    models.creation(order(name, **fields)).make(lambda progress: lines.append({"status": progress.status}))
    return {"status": "success", "lines": lines}


def differ_from(expected: dict[str, Any], got: Any) -> str | None:
    if "json" in expected:
        return differ(expected["json"], got)
    if "lines" not in expected:
        return None if got is None else f"{got} for nothing"
    lines = [*got["before"], {"error": got["error"]}] if "error" in got else got["lines"]
    return differ([line_of(x) for x in expected["lines"]], [line_of(x) for x in lines])


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
    expected = case["manifest"]
    for layer in (*expected["layers"], *stored["layers"]):
        if layer["mediaType"].endswith(".model"):  # Ollama rewrites the file
            layer.update(digest="", size=0)
    texts = {
        layer.mediaType: library.blobs.read(layer.digest, 1 << 20).decode()
        for layer in model.manifest.layers
        if layer.kind != "model"
    }
    return f"{stored} for {expected}" if stored != expected else differ(case["texts"], texts, "texts")


def test_a_bare_model_shows_a_template_and_nothing_that_it_does_not_have(models: ModelService, weights: str) -> None:
    make(models, "bare", files={"x.gguf": weights})
    shown = show(models, "bare")
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


def test_the_modelfile_of_show_creates_the_same_model(models: ModelService, weights: str) -> None:
    make(
        models,
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
    make(models, "two", modelfile=show(models, "one")["modelfile"])
    one, two = (models.library.open(ModelName.parse(name)) for name in ("one", "two"))
    assert one.manifest == two.manifest
    assert one.digest == two.digest
    assert show(models, "one")["parameters"].split("\n") == [
        "seed                           1099511627776",
        'stop                           "</s>"',
        'stop                           " x"',
        'stop                           "\\""',
        "temperature                    1e-05",
        "use_mmap                       true",
    ]


def test_long_arrays_are_shown_only_on_request(models: ModelService, weights: str) -> None:
    make(models, "x", files={"x.gguf": weights})
    assert show(models, "x")["model_info"]["tokenizer.ggml.tokens"] is None
    verbose = show(models, "x", verbose=True)["model_info"]
    assert verbose["tokenizer.ggml.tokens"][:3] == ["<unk>", "<s>", "</s>"]
    assert verbose["tokenizer.ggml.scores"][260] == -2
    assert list(verbose) == sorted(verbose)


def test_a_projector_is_shown(models: ModelService, weights: str, tmp_path: Path) -> None:
    projector = tiny_file(tmp_path / "p.gguf", "clip", {"clip.projector_type": "mlp"})
    digest, _ = models.library.blobs.put(projector.read_bytes())
    make(models, "x", files={"x.gguf": weights, "p.gguf": digest})
    shown = show(models, "x")
    assert shown["projector_info"]["clip.projector_type"] == "mlp"
    assert "vision" in shown["capabilities"]
    assert shown["modelfile"].count("\nFROM /") == 2


def test_a_large_vocabulary_is_read_once_however_often_it_is_shown(models: ModelService) -> None:
    path = SHARED / "vocab" / "ggml-vocab-llama-bpe.gguf"
    if not path.exists():
        pytest.skip("the vocabulary is not here")
    digest, _ = models.library.blobs.put(path.read_bytes())
    make(models, "big", files={"big.gguf": digest})
    for first, again in ((models.list, models.list), (lambda: show(models, "big"), lambda: show(models, "big"))):
        first()
        calls = count_calls(again)
        assert calls.total() < 1000
