"""Recorded answers of Ollama, compared with ours."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.server.servers import ServerUnderTest

REPLAY = SHARED / "tools" / "replay_http.py"
RECORDED = SHARED / "fixtures" / "http" / "ollama.jsonl"

WAITING = {
    "not built yet: what a parser's name says of a model": r"show/rp",
}
MUST_PASS = ("general", "host", "cors", "blobs", "copy", "delete", "embed", "embeddings", "pull", "push")


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The recorded cases that fail, and why."""
    if not (REPLAY.exists() and RECORDED.exists()):
        pytest.skip("the recorded cases are not here")
    with ServerUnderTest(tmp_path_factory.mktemp("recorded")) as server:
        return replay(server.url, server.models)


def replay(url: str, models: Path) -> dict[str, str]:
    command = [sys.executable, str(REPLAY), url, str(RECORDED), "--models", str(models)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert re.search(r"^\d+ passed, \d+ failed$", done.stdout, re.MULTILINE), done.stdout + done.stderr
    return dict(re.findall(r"^- ([^:]+): (.*)$", done.stdout, re.MULTILINE))


@pytest.mark.parametrize("group", MUST_PASS)
def test_a_whole_group_is_answered_as_ollama_answers_it(failures: dict[str, str], group: str) -> None:
    assert {name: why for name, why in failures.items() if name.startswith(f"{group}/")} == {}


@pytest.mark.parametrize("case", ["generate/plain", "generate/streamed", "generate/stop", "show/stories"])
def test_a_case_is_answered_as_ollama_answers_it(failures: dict[str, str], case: str) -> None:
    assert failures.get(case) is None


def test_every_other_difference_is_known(failures: dict[str, str]) -> None:
    known = re.compile("|".join(WAITING.values()))
    assert {name: why for name, why in failures.items() if not known.fullmatch(name)} == {}
