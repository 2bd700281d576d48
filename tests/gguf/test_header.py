from paddock.gguf import GgufArray, GgufHeader, GgufTensor
from paddock.gguf.header import Scalar


def header(**metadata: Scalar | GgufArray) -> GgufHeader:
    keys = {key.replace("__", "."): value for key, value in metadata.items()}
    tensors = [GgufTensor("a", "F32", (4, 3), 0, 48), GgufTensor("b", "F32", (5,), 64, 20)]
    return GgufHeader(3, keys, tensors, 32, 0, 0)


def test_numbers_are_those_of_the_files_architecture() -> None:
    found = header(general__architecture="llama", llama__context_length=300, llama__embedding_length=64)
    assert (found.architecture, found.context_length, found.embedding_length) == ("llama", 300, 64)
    assert found.number("block_count") == 0


def test_values_of_another_type_count_as_missing() -> None:
    found = header(general__architecture="x", x__context_length=True, x__embedding_length="64", general__name=7)
    assert (found.context_length, found.embedding_length, found.text("general.name")) == (0, 0, "")


def test_a_file_that_names_nothing_is_unknown() -> None:
    assert (header().architecture, header().file_type) == ("unknown", "unknown")
    assert header(general__architecture="", general__file_type=15).architecture == "unknown"
    assert header(general__file_type=15).file_type == "Q4_K_M"


def test_parameters_are_the_values_of_all_tensors() -> None:
    assert header().parameter_count == 4 * 3 + 5
