import pytest

from paddock.gguf import read_header
from paddock.library.create.checkpoint import convert_checkpoint, is_checkpoint, is_projector
from paddock.library.create.worker_process import WorkerFailed
from paddock.library.store.library import Library
from paddock.progress import Progress

pytestmark = pytest.mark.model


def test_files_without_safetensors_stay_as_they_are(library: Library, weights: str) -> None:
    files = {"x.gguf": weights}
    assert not is_checkpoint(files)
    assert convert_checkpoint(library.blobs, files, "", lambda progress: None) == files
    assert not is_projector(read_header(library.blobs.path(weights)))


def test_a_checkpoint_that_cannot_be_converted_leaves_nothing(library: Library, weights: str) -> None:
    before = sorted(library.blobs.folder.iterdir())
    reports: list[Progress] = []
    files = {"Model.SafeTensors": weights}
    assert is_checkpoint(files)
    with pytest.raises(WorkerFailed, match=r"config\.json is missing"):
        convert_checkpoint(library.blobs, files, "", reports.append)
    assert sorted(library.blobs.folder.iterdir()) == before
    assert reports[0] == Progress("converting model", total=library.blobs.size(weights))
