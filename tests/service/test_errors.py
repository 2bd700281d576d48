"""Errors of a request have the kinds by which each protocol chooses a status."""

from paddock.errors import ErrorKind
from paddock.service.errors import NotSupported, RequestError, UnknownModel


def test_each_error_has_its_kind() -> None:
    assert RequestError("x").kind is ErrorKind.INVALID
    assert NotSupported("x").kind is ErrorKind.UNSUPPORTED
    assert UnknownModel("m").kind is ErrorKind.NOT_FOUND
    assert isinstance(NotSupported("x"), RequestError)


def test_an_unknown_model_is_named() -> None:
    assert str(UnknownModel("team/m:1b")) == "model 'team/m:1b' not found"
