from paddock.parsing.reply import functions


def test_tools_without_functions_are_ignored() -> None:
    assert functions([{}, {"function": None}, {"function": {"name": "f"}}]) == {"f": {"name": "f"}}
    assert functions(None) == {}
