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
from paddock.cli.prompt_files import MAX_FILE_BYTES, extract_files, starts_with_file
from tests.server.servers import ServerUnderTest

SEES, HEARS, BOTH = ({"capabilities": ["completion", *more]} for more in (["vision"], ["audio"], ["vision", "audio"]))


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
def test_the_path_of_a_picture_is_extract_files_of_the_prompt(
    picture: Path, written: str, capsys: pytest.CaptureFixture[str]
) -> None:
    named = written.format(picture, escaped=str(picture).replace(" ", "\\ "))
    expected = [base64.b64encode(picture.read_bytes()).decode()]
    assert extract_files(f"What is {named} about?", SEES) == ("What is  about?", expected)
    assert extract_files(f"{named} {named}", SEES) == ("", expected * 2)
    assert capsys.readouterr().err == f"Added image '{picture}'\n" * 3
    assert starts_with_file(f"{named} what?", SEES)


def test_paths_may_begin_at_home_or_here(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = picture.rename(picture.with_name("X.JPeG"))
    monkeypatch.chdir(picture.parent)
    monkeypatch.setenv("HOME", str(picture.parent))
    for written in ("./X.JPeG", "~/X.JPeG", f"../{picture.parent.name}/X.JPeG"):
        assert len(extract_files(f"see {written}, please", SEES)[1]) == 1, written


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
    assert extract_files(prompt, SEES) == (prompt, [])
    assert not starts_with_file(prompt, SEES)


@pytest.mark.parametrize("ending", ["wav", "MP3", "flac", "ogg"])
def test_so_is_the_path_of_a_recording(tmp_path: Path, ending: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / f"said.{ending}"
    path.write_bytes(b"sound")
    expected = [base64.b64encode(b"sound").decode()]
    assert extract_files(f"What is in {path}?", HEARS) == ("What is in ?", expected)
    assert capsys.readouterr().err == f"Added audio '{path}'\n"
    assert starts_with_file(f"{path} what?", HEARS)


def test_what_the_model_does_not_take_stays_in_the_prompt(picture: Path, tmp_path: Path) -> None:
    sound = tmp_path / "said.wav"
    sound.write_bytes(b"sound")
    prompt = f"Is '{picture}' what {sound} says?"
    assert extract_files(prompt, {"capabilities": None}) == extract_files(prompt, {}) == (prompt, [])
    assert extract_files(prompt, SEES)[0] == f"Is  what {sound} says?"
    assert extract_files(prompt, HEARS)[0] == f"Is '{picture}' what  says?"
    assert extract_files(prompt, BOTH)[0] == "Is  what  says?"
    assert not starts_with_file(f"{sound} what?", SEES)


def test_a_picture_that_is_too_large_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "x.png").open("wb") as file:
        file.truncate(MAX_FILE_BYTES + 1)
    with pytest.raises(CommandError, match="larger than 100 MB"):
        extract_files(str(tmp_path / "x.png"), SEES)


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
