from pathlib import Path

from paddock.engine.refusals import MAX_MESSAGE, shortened, without_folders


def test_folders_are_left_out_and_the_rest_stays() -> None:
    folders = [Path("/srv/models/blobs"), Path("/usr/lib/bundled")]
    assert without_folders("'/srv/models/blobs/sha256-1' has no key", folders) == "'sha256-1' has no key"
    assert without_folders("no key", folders) == "no key"


def test_a_long_message_is_shortened() -> None:
    assert shortened("x" * MAX_MESSAGE) == "x" * MAX_MESSAGE
    assert shortened("x" * 5000) == "x" * MAX_MESSAGE + "…"
