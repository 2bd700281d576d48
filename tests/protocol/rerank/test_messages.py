"""Fields of a rerank request."""

from typing import Any

import pytest

from paddock.protocol.json import BadRequest, decode
from paddock.protocol.rerank import RerankRequest, read_documents, read_query, read_top_n


def test_documents_are_texts_or_objects_with_a_text() -> None:
    assert read_documents(["a", {"text": "b", "title": "ignored"}, ""]) == ["a", "b", ""]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "documents must be a list of strings"),
        ("a", "documents must be a list of strings"),
        ([], "documents must not be empty"),
        (["a", 5], 'documents[1] must be a string, or an object with a "text"'),
        ([{"title": "a"}], 'documents[0] must be a string, or an object with a "text"'),
    ],
)
def test_other_documents_are_refused(value: Any, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        read_documents(value)
    assert str(caught.value) == message


def test_top_n_is_positive_or_absent() -> None:
    assert (read_top_n(None), read_top_n(3)) == (0, 3)
    for value in (0, -1):
        with pytest.raises(BadRequest, match=f"^top_n must be at least 1, not {value}$"):
            read_top_n(value)


def test_a_query_is_required() -> None:
    assert read_query("a") == "a"
    for value in (None, ""):
        with pytest.raises(BadRequest, match=r"^query is required$"):
            read_query(value)


def test_top_n_has_64_bits() -> None:
    with pytest.raises(BadRequest):
        decode(b'{"top_n": 9223372036854775808}', RerankRequest)
