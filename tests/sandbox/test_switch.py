"""The switch that turns the sandbox off."""

import pytest

from paddock.sandbox.switch import SWITCH, is_enabled, sandbox_environment


@pytest.mark.parametrize("enabled", [True, False])
def test_a_new_process_is_told(enabled: bool) -> None:
    assert is_enabled(sandbox_environment(enabled)) is enabled


@pytest.mark.parametrize("text", ["0", "off", "FALSE", " no "])
def test_it_is_on_unless_it_is_turned_off(text: str) -> None:
    assert not is_enabled({SWITCH: text})
    assert is_enabled({})
    assert is_enabled({SWITCH: ""})
    assert is_enabled({SWITCH: "1"})
