from paddock.gguf.errors import BadGguf, GgufError, NotGguf, quoted


def test_a_name_is_quoted_on_one_printable_line() -> None:
    assert quoted("token_embd.weight") == '"token_embd.weight"'
    assert quoted("a\n\x1b[31m") == '"a??[31m"'
    assert quoted("x" * 80) == f'"{"x" * 80}"'
    assert quoted("x" * 81) == f'"{"x" * 80}…"'


def test_clients_get_ollamas_messages() -> None:
    assert str(NotGguf()) == "supplied file was not in GGUF format"
    assert str(BadGguf("it is cut off")) == "invalid GGUF file: it is cut off"
    assert isinstance(NotGguf(), GgufError)
    assert isinstance(BadGguf(""), GgufError)
