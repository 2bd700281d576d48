from tools.fuzz.target import tracebacks

LOG = """2026-11-21 09:15:02 ERROR   unexpected error
    Traceback (most recent call last):
      File "x.py", line 3, in handle
        value["KeyError"]
    KeyError: 'content'
2026-11-21 09:15:03 INFO    next
    Traceback (most recent call last):
      File "x.py", line 3, in handle
    paddock.errors.Gone
2026-11-21 09:15:04 INFO    next
"""


def test_tracebacks_are_found_with_what_was_raised() -> None:
    assert tracebacks(LOG) == ["KeyError: 'content'", "paddock.errors.Gone"]
    assert tracebacks("2026-11-21 09:15:03 INFO    a Traceback of nobody") == []
