from typing import Any

from paddock.cli.terminal.model_description import describe, format_array

INFO: dict[str, Any] = {
    "details": {"parameter_size": "8.0B", "quantization_level": "Q4_K_M", "family": "llama"},
    "model_info": {
        "general.architecture": "llama",
        "general.parameter_count": 8030261248,
        "llama.context_length": 131072,
        "llama.embedding_length": 4096,
    },
    "capabilities": ["completion", "tools"],
}


def test_a_model_is_described_in_sections() -> None:
    assert describe(INFO) == (
        "  Model\n"
        "    architecture        llama     \n"
        "    parameters          8.0B      \n"
        "    context length      131072    \n"
        "    embedding length    4096      \n"
        "    quantization        Q4_K_M    \n"
        "\n"
        "  Capabilities\n"
        "    completion    \n"
        "    tools         \n"
        "\n"
    )


def test_a_model_without_metadata_has_its_details() -> None:
    text = describe({"details": INFO["details"]})
    assert "architecture    llama" in text and "context length" not in text


def test_the_number_of_parameters_comes_from_the_metadata_if_the_details_lack_it() -> None:
    info = INFO | {"details": {"quantization_level": "F16"}, "requires": "0.12.0"}
    assert "    parameters          8.0B " in describe(info)
    assert "    requires            0.12.0 " in describe(info)


def test_long_texts_show_two_lines_and_dots() -> None:
    text = describe(INFO | {"license": "\n  MIT License\n\nCopyright\nPermission\n", "system": "One.\nTwo."})
    assert text.endswith(
        "  System\n    One.    \n    Two.    \n\n"
        "  License\n    MIT License    \n    Copyright      \n    ...            \n\n"
    )


def test_a_line_longer_than_a_hundred_columns_is_broken() -> None:
    text = describe(INFO | {"system": " ".join(["word"] * 30)})
    first, second = text.partition("  System\n")[2].split("\n")[:2]
    assert first == "    " + " ".join(["word"] * 20) + "    "
    assert second == "      " + " ".join(["word"] * 10).ljust(99) + "    "


def test_parameters_are_cut_at_white_space() -> None:
    text = describe(INFO | {"parameters": 'stop                           "a b"\ntemperature                    1'})
    assert '    stop           "a    b"    \n    temperature    1     \n' in text


def test_a_projector_has_its_own_section() -> None:
    projector = {
        "general.architecture": "clip",
        "general.parameter_count": 878_000_000,
        "clip.vision.embedding_length": 1280,
        "clip.vision.projection_dim": 4096,
    }
    assert (
        "  Projector\n    architecture        clip    \n    parameters          878M    \n"
        "    embedding length    1280    \n    dimensions          4096    \n\n"
    ) in describe(INFO | {"projector_info": projector})


def test_metadata_and_tensors_are_shown_when_asked_for() -> None:
    info = INFO | {
        "model_info": {"b": True, "a": None, "c": {"x": 1}, "general.architecture": "llama", "d": 1.5},
        "tensors": [{"name": "output.weight", "type": "F32", "shape": [64, 512]}],
    }
    text = describe(info, verbose=True)
    assert "  Metadata\n    a                       <nil>" in text
    assert "    b                       true" in text
    assert "    c                       map[string]interface {}" in text
    assert "  Tensors\n    output.weight    F32    [64 512]    \n" in text
    assert "Metadata" not in describe(info) and "Tensors" not in describe(info)


def test_an_array_shows_what_fits_and_counts_the_rest() -> None:
    assert format_array([0] * 512) == "[0 0 0 ...+509 more]"
    assert format_array(["<unk>", "<s>", "</s>"]) == "[<unk> ...+2 more]"
    assert format_array(["a very long first item", "x"]) == "[a very long first item ...+1 more]"
    assert format_array([1, 2]) == "[1 2]"
    assert format_array([]) == "[]"
