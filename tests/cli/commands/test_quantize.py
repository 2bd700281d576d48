import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from paddock.cli.commands.quantize import quantize
from paddock.cli.errors import CommandError
from paddock.gguf import read_header
from paddock.library.create.shards import shard_count
from tests.conversion.splits import split
from tests.models.llama import tiny_llama


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama(tmp_path_factory.mktemp("source") / "in.gguf", width=256, feed_forward=256, layers=1)


def run(*args: object, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "paddock", "quantize", *map(str, args)]
    nowhere = os.environ | {"PADDOCK_HOST": "127.0.0.1:9"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=nowhere | (env or {}))


def test_a_file_is_quantized_without_a_server(source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.gguf"
    target.write_bytes(b"an older one")
    done = run(source, target, "q4_k_m")
    assert (done.returncode, done.stdout) == (0, "")
    lines = [line.strip() for line in done.stderr.splitlines()]
    assert lines[0] == "quantizing F32 model to Q4_K_M"
    assert lines[1].startswith("writing out.gguf: 100%")
    assert lines[2:] == ["success"]
    assert read_header(target).file_type == "Q4_K_M"
    assert list(tmp_path.iterdir()) == [target]


def test_a_terminal_shows_a_bar(source: Path, tmp_path: Path) -> None:
    main, other = pty.openpty()
    command = [sys.executable, "-m", "paddock", "quantize", str(source), str(tmp_path / "out.gguf"), "Q8_0"]
    child = subprocess.Popen(command, stderr=other, stdout=other, env=os.environ | {"COLUMNS": "120", "TERM": "xterm"})
    os.close(other)
    output = b""
    try:
        while piece := os.read(main, 4096):
            output += piece
    except OSError:  # the other end is closed
        pass
    finally:
        os.close(main)
    assert child.wait(60) == 0
    text = output.decode()
    assert "quantizing F32 model to Q8_0" in text
    assert "writing out.gguf" in text
    assert "━" in text


def test_any_file_of_a_split_model_can_be_named(source: Path, tmp_path: Path) -> None:
    parts = split(source, tmp_path / "parts", 4)
    quantize(source, tmp_path / "whole.gguf", "Q8_0")
    quantize(parts[1], tmp_path / "joined.gguf", "Q8_0")
    whole, joined = read_header(tmp_path / "whole.gguf"), read_header(tmp_path / "joined.gguf")
    assert [(t.name, t.type, t.shape) for t in joined.tensors] == [(t.name, t.type, t.shape) for t in whole.tensors]
    assert shard_count(joined) == 1
    read = [(tmp_path / name, head) for name, head in (("whole.gguf", whole), ("joined.gguf", joined))]
    assert len({path.read_bytes()[head.data_offset :] for path, head in read}) == 1
    parts[2].unlink()
    with pytest.raises(CommandError, match=f"part 3 of {len(parts)} is missing: {parts[2].name}"):
        quantize(parts[0], tmp_path / "out.gguf", "Q8_0")


def test_wrong_files_are_refused_and_leave_no_file(source: Path, tmp_path: Path) -> None:
    quantize(source, tmp_path / "small.gguf", "Q8_0")
    (tmp_path / "text.gguf").write_text("hello")
    (tmp_path / "cut.gguf").write_bytes(source.read_bytes()[:-1000])
    before = sorted(tmp_path.iterdir())
    target = tmp_path / "out.gguf"
    wrong: list[tuple[Path, Path, str, str]] = [
        (source, target, "Q9", "unsupported quantization type Q9 - supported types are F32"),
        (source, target, "IQ1_S", "needs an importance matrix"),
        (source, source, "Q8_0", "is the file to read"),
        (source, tmp_path, "Q8_0", "is a folder: name the file"),
        (source, tmp_path / "none" / "out.gguf", "Q8_0", "none is not a folder"),
        (tmp_path / "none.gguf", target, "Q8_0", "none.gguf: No such file"),
        (tmp_path, target, "Q8_0", "Is a directory"),
        (tmp_path / "small.gguf", target, "Q4_0", "only supported for F16, BF16 and F32 models"),
        (tmp_path / "text.gguf", target, "Q8_0", "not in GGUF format"),
        (tmp_path / "cut.gguf", target, "Q8_0", "is it cut off"),
    ]
    for given, result, kind, message in wrong:
        with pytest.raises(CommandError, match=message):
            quantize(given, result, kind)
    assert sorted(tmp_path.iterdir()) == before


def test_an_error_is_one_line_and_the_exit_status(source: Path, tmp_path: Path) -> None:
    done = run(tmp_path / "none.gguf", tmp_path / "out.gguf", "Q8_0")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.strip() == f"Error: {tmp_path / 'none.gguf'}: No such file or directory"
    assert run(source).stderr.strip() == "Error: accepts 3 arg(s), received 1"


def test_ctrl_c_leaves_no_file(tmp_path: Path) -> None:
    source = tiny_llama(tmp_path / "large.gguf", width=512, feed_forward=1024, layers=3)
    command = [sys.executable, "-m", "paddock", "quantize", str(source), str(tmp_path / "out.gguf"), "IQ3_S"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    deadline = time.monotonic() + 30
    while not any(path.suffix == ".tmp" and path.stat().st_size for path in tmp_path.iterdir()):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.02)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: the whole group
    assert child.wait(30) == 130
    assert child.stderr is not None
    assert b"Traceback" not in child.stderr.read()
    child.stderr.close()
    assert list(tmp_path.iterdir()) == [source]
