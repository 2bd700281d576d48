import pytest

from paddock.cli.errors import UsageError
from paddock.cli.run_options import RunOptions, parse_format, parse_keep_alive, parse_think


def test_only_the_options_that_are_set_become_fields_of_the_request() -> None:
    assert RunOptions(verbose=True).request_fields() == {}
    assert RunOptions(think=False, format="json").request_fields() == {"think": False, "format": "json"}


def test_the_format_is_json_or_a_schema() -> None:
    assert parse_format("") is None
    assert parse_format("json") == "json"
    assert parse_format('{"type": "object"}') == {"type": "object"}
    with pytest.raises(UsageError, match="--format must be json or a JSON schema, and 'xml' is neither"):
        parse_format("xml")
    with pytest.raises(UsageError, match="--format must be json or a JSON schema"):
        parse_format("[" * 100_000)


def test_the_time_to_keep_a_model_is_a_go_duration() -> None:
    assert parse_keep_alive("") is None
    assert parse_keep_alive("1h30m") == "1h30m"
    with pytest.raises(UsageError, match='missing unit in duration "5"'):
        parse_keep_alive("5")


@pytest.mark.parametrize(
    ("text", "value"), [(None, None), ("", True), ("true", True), ("false", False), ("low", "low"), ("max", "max")]
)
def test_thinking_is_a_boolean_or_a_level(text: str | None, value: bool | str | None) -> None:
    assert parse_think(text) == value


def test_an_unknown_level_of_thinking_is_refused() -> None:
    with pytest.raises(UsageError, match='invalid value for --think: "much"'):
        parse_think("much")
