import json
from pathlib import Path
from typing import Any

from paddock.conversion.checkpoint.checkpoint import Checkpoint
from paddock.conversion.tokenizers.added import AddedToken, added_tokens


def added(folder: Path, tokenizer: dict[str, Any], **files: Any) -> dict[int, AddedToken]:
    for name, value in files.items():
        (folder / f"{name}.json").write_text(json.dumps(value))
    return added_tokens(Checkpoint({path.name: path for path in folder.iterdir()}), tokenizer, 100)


def test_added_tokens_come_from_every_file_and_the_first_counts(tmp_path: Path) -> None:
    found = added(
        tmp_path,
        {"added_tokens": [{"id": 1, "content": "a", "special": True}, {"id": 2, "content": "b"}]},
        tokenizer_config={"added_tokens_decoder": {"2": {"content": "other"}, "3": {"content": "c"}}},
        added_tokens={"<|end|>": 4, "plain": 5},
    )
    assert found == {
        1: AddedToken("a", True),
        2: AddedToken("b", False),
        3: AddedToken("c", False),
        4: AddedToken("<|end|>", True),
        5: AddedToken("plain", False),
    }


def test_numbers_that_no_token_can_have_are_ignored(tmp_path: Path) -> None:
    entries = [{"id": number, "content": "x"} for number in (100, -1, True, "7", None)]
    decoder = {"9" * 5000: {"content": "a"}, "x": {"content": "b"}, "5": "text"}
    found = added(
        tmp_path,
        {"added_tokens": [*entries, 5, {"id": 3}]},
        tokenizer_config={"added_tokens_decoder": decoder},
    )
    assert found == {}
