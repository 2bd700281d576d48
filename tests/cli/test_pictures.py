import base64
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from training.vision.evaluate import held_out

from paddock.cli.errors import CommandError
from paddock.cli.pictures import LARGEST, begins_with_picture, taken_out
from tests.server.servers import ServerUnderTest


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "a picture.png"
    Image.new("RGB", (8, 8), "red").save(path)
    return path


@pytest.mark.parametrize(
    "written",
    ["'{}'", '"{}"', "{escaped}"],
    ids=["single quotes", "double quotes", "backslashes"],
)
def test_the_path_of_a_picture_is_taken_out_of_the_prompt(
    picture: Path, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = written.format(picture, escaped=str(picture).replace(" ", "\\ "))
    expected = [base64.b64encode(picture.read_bytes()).decode()]
    assert taken_out(f"What is {named} about?") == ("What is  about?", expected)
    assert taken_out(f"{named} {named}") == ("", expected * 2)
    assert capsys.readouterr().err == f"Added image '{picture}'\n" * 3
    assert begins_with_picture(f"{named} what?")


def test_paths_may_begin_at_home_or_here(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture.rename(picture.with_name("X.JPeG"))
    monkeypatch.chdir(picture.parent)
    monkeypatch.setenv("HOME", str(picture.parent))
    for written in ("./X.JPeG", "~/X.JPeG", f"../{picture.parent.name}/X.JPeG"):
        assert len(taken_out(f"see {written}, please")[1]) == 1, written


@pytest.mark.parametrize(
    "prompt",
    [
        "no/such.png",
        "/no/such.png",
        "x.png",
        "/bye",
        "/show info",
        "https://example.com/x.png",
        "  two  spaces ",
        "/x.pngs",
    ],
)
def test_whatever_is_no_picture_that_is_there_stays_as_it_is(prompt: str) -> None:
    assert taken_out(prompt) == (prompt, [])
    assert not begins_with_picture(prompt)


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.png").open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(CommandError, match="larger than 100 MB"):
        taken_out(str(tmp_path / "x.png"))


def test_a_model_that_sees_is_shown_the_picture(tmp_path: Path) -> None:
    figure, drawing = held_out(1)[0]
    Image.open(io.BytesIO(base64.b64decode(drawing))).save(tmp_path / "drawn.png")
    with ServerUnderTest(tmp_path / "server", TINY="1") as server:
        result = subprocess.run(
            [sys.executable, "-m", "paddock", "run", "tiny-vision", "What is this? ./drawn.png"],
            cwd=tmp_path,
            env={**os.environ, "HOME": str(tmp_path), "PADDOCK_HOST": server.url},
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert result.stdout == f"A {figure.name}.\n\n"
    assert result.stderr == "Added image 'drawn.png'\n"
