from dataclasses import replace
from pathlib import Path

import pytest

from paddock.errors import PaddockError
from paddock.library.create.model_spec import InvalidModelSpec
from paddock.library.create.modelfile_spec import spec_from_modelfile
from paddock.library.names import InvalidName, ModelName
from paddock.library.store.library import Library
from tests.library.create.conftest import make
from tests.models.llama import tiny_file


def test_a_modelfile_over_http_sees_our_own_blobs_only(library: Library, weights: str, tmp_path: Path) -> None:
    own = library.blobs.path(weights)
    for source in (str(own), f"@{weights}"):
        assert list(spec_from_modelfile(library, f"FROM {source}").files.values()) == [weights]
    other = tmp_path / own.name
    other.write_bytes(own.read_bytes())
    inside = own.parent / "sub" / ".." / own.name
    for source in (str(other), f"./{own.name}", str(inside), "/etc/passwd"):
        with pytest.raises(PaddockError, match="invalid model name"):
            spec_from_modelfile(library, f"FROM {source}")
    with pytest.raises(InvalidModelSpec, match="ADAPTER /etc/passwd: upload the file"):
        spec_from_modelfile(library, "FROM base\nADAPTER /etc/passwd")


def test_what_show_prints_makes_the_same_model(library: Library, weights: str) -> None:
    text = f'FROM @{weights}\nTEMPLATE """{{{{ .Prompt }}}}\n"""\nPARAMETER stop " x"\nMESSAGE user "a\nb"\nLICENSE MIT'
    make(library, "one", spec_from_modelfile(library, text))
    make(library, "two", replace(spec_from_modelfile(library, text), older=False))
    assert library.open(ModelName.parse("one")).digest == library.open(ModelName.parse("two")).digest


def test_files_of_this_machine_are_looked_at_only_where_that_is_allowed(library: Library, tmp_path: Path) -> None:
    file = tiny_file(tmp_path / "local.gguf", "llama", {"llama.context_length": 64})
    modelfile = f"FROM {file}\nSYSTEM Be brief."
    with pytest.raises((InvalidModelSpec, InvalidName)):
        spec_from_modelfile(library, modelfile)
    spec = spec_from_modelfile(library, modelfile, tmp_path)
    again = spec_from_modelfile(library, "FROM ./local.gguf", tmp_path)
    assert dict(again.files) == dict(spec.files)
    assert all(library.blobs.exists(digest) for digest in spec.files.values())
