"""Ollama's official JavaScript client works with Paddock."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.server.servers import ServerUnderTest

NODE_FOLDER = ROOT / ".venv" / "node"
"""Where `.ci/run` installs the client."""


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not (NODE_FOLDER / "node_modules" / "ollama").is_dir():
        pytest.skip("Node or the client is not here: npm install --prefix .venv/node ollama")
    with ServerUnderTest(tmp_path_factory.mktemp("javascript"), TINY="1") as server:
        done = subprocess.run(
            [node, str(Path(__file__).with_name("client.mjs")), server.url],
            env={**os.environ, "NODE_FOLDER": str(NODE_FOLDER)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_the_javascript_client_generates_and_streams_the_same(seen: dict[str, Any]) -> None:
    assert "sky" in seen["generate"]["response"]
    assert seen["streamed"] == seen["generate"]["response"]
    assert seen["generate"]["done_reason"] == "stop"


def test_the_javascript_client_chats_thinks_and_calls_tools(seen: dict[str, Any]) -> None:
    assert seen["chat"]["message"]["content"] and seen["chat"]["message"]["thinking"]
    assert [call["function"]["name"] for call in seen["called"]] == ["get_weather"]
    assert isinstance(json.loads(seen["formatted"]["message"]["content"])["name"], str)


def test_the_javascript_client_aborts_a_stream(seen: dict[str, Any]) -> None:
    assert seen["aborted"] == "AbortError"


def test_the_javascript_client_embeds(seen: dict[str, Any]) -> None:
    assert seen["embed"] == [256, 256]


def test_the_javascript_client_manages_models(seen: dict[str, Any]) -> None:
    assert set(seen["list"]) == set(seen["after"]) == {"tiny-vision:latest", "tiny:latest"}
    assert seen["both"] == ["mine:latest", "tiny-vision:latest", "tiny:latest", "yours:latest"]
    assert "tools" in seen["show"]
    assert seen["create"]["status"] == seen["copy"]["status"] == seen["delete"]["status"] == "success"
    assert seen["ps"] and seen["version"]
    assert seen["error"] == [404, "model 'nobody:latest' not found"]
