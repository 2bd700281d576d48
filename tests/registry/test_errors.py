from paddock.registry.errors import NotInRegistry, RegistryError, TemporaryError, Unreachable


def test_a_message_cannot_steer_the_terminal() -> None:
    assert str(RegistryError("no \x1b[2Jway\x9b31m\u202e")) == "no ?[2Jway?31m?"


def test_which_errors_are_worth_another_attempt() -> None:
    assert isinstance(Unreachable("x"), TemporaryError) and not isinstance(NotInRegistry("x"), TemporaryError)
    assert TemporaryError("busy", 3).retry_after == 3 and TemporaryError("busy").retry_after == 0
