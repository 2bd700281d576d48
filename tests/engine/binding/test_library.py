"""The library is loaded without its Python client, and its log says why a call failed."""

import subprocess
import sys

from paddock.engine.binding.library import start_library


def test_importing_the_binding_imports_neither_numpy_nor_the_high_level_client() -> None:
    script = (
        "import sys, paddock.engine.binding\n"
        "print({'numpy', 'jinja2', 'diskcache', 'llama_cpp.llama', 'llama_cpp.mtmd_cpp'} & set(sys.modules))"
    )
    assert subprocess.check_output([sys.executable, "-c", script], text=True).strip() == "set()"


def test_the_first_error_with_a_cause_explains_a_failure() -> None:
    log = start_library()
    log.clear()
    log._receive(4, b"llama_model_load: error loading model: missing tensor 'output_norm.weight'\n", None)
    log._receive(4, b"llama_model_load_from_file_impl: failed to load model\n", None)
    assert log.explain("unknown") == "missing tensor 'output_norm.weight'"
    log.clear()
    assert log.explain("unknown") == "unknown"


def test_a_line_that_comes_in_parts_is_one_error() -> None:
    log = start_library()
    log.clear()
    log._receive(4, b"load: half of ", None)
    log._receive(5, b"a sentence\n", None)
    assert log.explain("unknown") == "half of a sentence"
    log.clear()
