import pytest

from paddock.cli.chat.session import Session
from paddock.cli.run_options import RunOptions


@pytest.fixture
def session() -> Session:
    own = [{"role": "user", "content": "before"}, {"role": "assistant", "content": "yes"}]
    return Session("m", {"messages": own}, RunOptions(think=False))


def test_a_new_session_asks_with_its_messages_and_options_alone(session: Session) -> None:
    session.add_message("user", "hello")
    assert session.chat_request() == {
        "model": "m",
        "messages": [{"role": "user", "content": "hello"}],
        "think": False,
    }


def test_the_system_message_and_the_parameters_go_with_each_request(session: Session) -> None:
    session.system = "Be brief."
    session.set_parameter("temperature", ["0.5"])
    session.set_parameter("stop", ["A", "B"])
    session.add_message("user", "hello")
    request = session.chat_request()
    assert request["messages"][0] == {"role": "system", "content": "Be brief."}
    assert request["options"] == {"temperature": 0.5, "stop": ["A", "B"]}


def test_a_message_has_thinking_and_images_only_if_there_are_any(session: Session) -> None:
    session.add_message("user", "see", images=["aGk="])
    session.add_message("assistant", "yes", "hm")
    assert session.messages == [
        {"role": "user", "content": "see", "images": ["aGk="]},
        {"role": "assistant", "content": "yes", "thinking": "hm"},
    ]


def test_a_saved_session_continues_the_models_own_messages(session: Session) -> None:
    session.add_message("user", "hello", images=["aGk="])
    session.system = "Be brief."
    assert session.create_request("mine") == {
        "model": "mine",
        "from": "m",
        "system": "Be brief.",
        "messages": [*session.info["messages"], {"role": "user", "content": "hello"}],
    }


def test_a_session_without_changes_is_saved_as_a_copy(session: Session) -> None:
    assert session.create_request("mine") == {"model": "mine", "from": "m"}


@pytest.mark.parametrize(("name", "value"), [("nonsense", "1"), ("top_p", "hot")])
def test_a_wrong_parameter_is_refused_and_changes_nothing(session: Session, name: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"unknown parameter 'nonsense'|invalid float value \[hot\]"):
        session.set_parameter(name, [value])
    assert session.parameters == {}


def test_another_model_starts_a_new_conversation_with_the_same_options(session: Session) -> None:
    session.add_message("user", "hello")
    session.system = "Be brief."
    session.set_parameter("top_k", ["5"])
    session.switch_model("other", {})
    assert session.chat_request() == {"model": "other", "messages": [], "think": False}
