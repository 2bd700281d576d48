import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import paddock
from paddock.errors import ErrorKind, PaddockError
from paddock.server.app import TABLES

ROOMS = ("library", "registry", "templates", "parsing", "fleet", "service", "protocol")
NEVER_ANSWERED = {"RangesUnsupported", "Refused", "UploadUnknown"}
"""Signals within one module, which no request ever ends with."""


def error_classes() -> Iterator[type[Exception]]:
    for room in ROOMS:
        for module in pkgutil.walk_packages([f"{paddock.__path__[0]}/{room}"], f"paddock.{room}."):
            for _, member in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                if issubclass(member, Exception) and member.__module__ == module.name:
                    yield member


def test_every_domain_error_says_of_which_kind_it_is() -> None:
    without = {error.__name__ for error in error_classes() if not issubclass(error, PaddockError)}
    assert without <= NEVER_ANSWERED
    assert sum(1 for _ in error_classes()) > 25


def test_every_kind_has_a_status_in_every_dialect() -> None:
    for table in TABLES:
        assert set(table.dialect.statuses) == set(ErrorKind)
