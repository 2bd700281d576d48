import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.library.names import InvalidName, ModelName


@pytest.mark.parametrize(
    ("text", "full", "short"),
    [
        ("llama3.2", "registry.ollama.ai/library/llama3.2:latest", "llama3.2:latest"),
        ("llama3.2:1b", "registry.ollama.ai/library/llama3.2:1b", "llama3.2:1b"),
        ("example/Model_1.5:tag-x", "registry.ollama.ai/example/Model_1.5:tag-x", "example/Model_1.5:tag-x"),
        ("reg.example.com:5000/ns/m:t", "reg.example.com:5000/ns/m:t", "reg.example.com:5000/ns/m:t"),
        ("https://hf.co/a/b", "hf.co/a/b:latest", "hf.co/a/b:latest"),
        ("hf.co/library/b", "hf.co/library/b:latest", "hf.co/library/b:latest"),
        ("registry.ollama.ai/library/x", "registry.ollama.ai/library/x:latest", "x:latest"),
    ],
)
def test_a_name_has_defaults_and_a_shortest_form(text: str, full: str, short: str) -> None:
    name = ModelName.parse(text)
    assert (name.full, name.short, str(name)) == (full, short, short)


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "a b//", "../../x", "..", "a/../b", "x:", ":x", "/x", "x/", "a/b/c/d", "a:b:c", "-x", ".x", "x@y",
     "é", "ftp://h/n/m", "x\n", "x:\x00", "a\\b", "n:x/m", "x:..", "x" * 81, "h" * 256 + "/n/m", "m:" + "t" * 81,
     "C:\\x"],
)  # fmt: skip
def test_what_could_leave_the_folder_or_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(InvalidName, match=r"^invalid model name$"):
        ModelName.parse(text)


@given(st.text(alphabet="aB0_-.:/\\ \n\0é", max_size=40) | st.text(max_size=20))
def test_any_text_is_a_name_with_safe_parts_or_refused(text: str) -> None:
    try:
        name = ModelName.parse(text)
    except InvalidName:
        return
    for part in name.parts:
        assert part
        assert not set(part) & set("/\\\0 \n")
        assert ".." not in part
        assert part[0] not in ".-"
    assert ModelName.parse(name.full) == name
    assert ModelName.parse(name.short) == name
