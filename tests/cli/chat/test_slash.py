from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from paddock.cli.chat.editor import Editor
from paddock.cli.chat.session import Session
from paddock.cli.chat.slash import HELP, HELP_SET, HELP_SHORTCUTS, HELP_SHOW, SlashCommands
from paddock.cli.client import Client
from paddock.cli.errors import UsageError
from paddock.cli.run_options import RunOptions
from tests.cli.canned import Canned, canned_server

Say = Callable[[str], str]


@pytest.fixture
def server() -> Iterator[Canned]:
    with canned_server() as canned:
        canned.json("POST /api/show", {"system": "Be kind."})
        canned.stream("POST /api/generate", {"done": True})
        yield canned


@pytest.fixture
def session() -> Session:
    return Session("m", {"parameters": "top_k                          5"}, RunOptions())


@pytest.fixture
def editor(tmp_path: Path) -> Editor:
    return Editor(tmp_path / "history", remember=True)


@pytest.fixture
def say(server: Canned, session: Session, editor: Editor, capsys: pytest.CaptureFixture[str]) -> Say:
    """Run a command, which does not end the chat, and return what it prints."""
    commands = SlashCommands(Client(server.url), session, editor)

    def run(line: str) -> str:
        assert commands.run(line)
        return capsys.readouterr().out

    return run


@pytest.mark.parametrize("line", ["/bye", "/exit"])
def test_bye_ends_the_chat(server: Canned, session: Session, editor: Editor, line: str) -> None:
    assert not SlashCommands(Client(server.url), session, editor).run(line)


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("/?", HELP),
        ("/help", HELP),
        ("/? nothing", HELP),
        ("/? set", HELP_SET),
        ("/? /show", HELP_SHOW),
        ("/? shortcuts", HELP_SHORTCUTS),
        ("/set", HELP_SET),
        ("/set parameter", HELP_SET),
        ("/set parameter top_k", HELP_SET),
        ("/set system", HELP_SET),
        ("/show", HELP_SHOW),
        ("/load", "Usage:\n  /load <model>"),
        ("/save", "Usage:\n  /save <model>"),
        ("/save a b", "Usage:\n  /save <model>"),
        ("/frob x", "Unknown command '/frob'. Type /? for help"),
        ("/set frob", "Unknown command '/set frob'. Type /? for help"),
        ("/show frob", "Unknown command '/show frob'. Type /? for help"),
        ("/set format xml", "Invalid or missing format. For 'json' mode use '/set format json'"),
    ],
)
def test_help_is_printed_on_request_and_for_incomplete_commands(say: Say, line: str, text: str) -> None:
    assert say(line) == f"{text}\n"


def test_the_help_names_every_command_of_set_and_show(say: Say) -> None:
    for name in HELP_SET.split("/set ")[1:]:
        assert "Unknown" not in say(f"/set {name.split()[0]}")
    for name in HELP_SHOW.split("/show ")[1:]:
        assert "Unknown" not in say(f"/show {name.split()[0]}")


def test_set_changes_the_options_of_the_session(say: Say, session: Session, editor: Editor) -> None:
    assert say("/set nowordwrap") == "Set 'nowordwrap' mode.\n"
    assert say("/set verbose") == "Set 'verbose' mode.\n"
    assert say("/set format json") == "Set format to 'json' mode.\n"
    assert say("/set think low") == "Set 'think' mode to 'low'.\n"
    assert say("/set nohistory") == ""
    assert session.options == RunOptions(format="json", think="low", wordwrap=False, verbose=True)
    assert not editor.remember
    assert say("/set noformat") == "Disabled format.\n"
    assert say("/set nothink") == "Set 'nothink' mode.\n"
    say("/set wordwrap")
    say("/set quiet")
    say("/set history")
    assert session.options == RunOptions(think=False)
    assert editor.remember
    say("/set think")
    assert session.options.think is True


def test_an_unknown_level_of_thinking_is_refused(say: Say, session: Session) -> None:
    with pytest.raises(UsageError, match="much"):
        say("/set think much")
    assert session.options.think is None


def test_parameters_and_the_system_message_are_set_and_shown(say: Say, session: Session) -> None:
    assert say("/set parameter temperature 0.5") == "Set parameter 'temperature' to '0.5'\n"
    assert say('/set parameter stop "A" B') == "Set parameter 'stop' to '\"A\", B'\n"
    assert say("/set parameter penalize_newline true") == "Set parameter 'penalize_newline' to 'true'\n"
    assert "invalid float value [hot]" in say("/set parameter top_p hot")
    assert "unknown parameter 'nonsense'" in say("/set parameter nonsense 1")
    assert say('/set system """Be brief."""') == "Set system message.\n"
    assert say("/show system") == "Be brief.\n\n"
    assert say("/show parameters") == (
        "Model defined parameters:\n  top_k                          5\n\n"
        "User defined parameters:\n"
        "  temperature                    0.5\n"
        '  stop                           "A" "B"\n'
        "  penalize_newline               true\n\n"
    )


def test_what_neither_model_nor_session_has_is_said_to_be_missing(say: Say, session: Session) -> None:
    session.info = {}
    assert say("/show system") == "Neither the model nor this session has a system message.\n\n"
    assert say("/show parameters") == "Neither the model nor this session sets a parameter.\n\n"
    assert say("/show license") == "The model has no license text.\n\n"
    assert say("/show template") == "The model has no template.\n\n"


def test_the_models_own_texts_are_shown(say: Say, session: Session) -> None:
    session.info = {"system": "S", "license": "L", "template": "T", "modelfile": "FROM x"}
    assert [say(f"/show {name}") for name in ("system", "license", "template")] == ["S\n\n", "L\n\n", "T\n\n"]
    assert say("/show modelfile") == "FROM x\n"
    assert say("/show info").startswith("  Model\n")


def test_clear_forgets_the_messages_alone(say: Say, session: Session) -> None:
    session.add_message("user", "hello")
    session.system = "Be brief."
    assert say("/clear") == "Cleared session context\n"
    assert (session.messages, session.system) == ([], "Be brief.")


def test_load_switches_to_another_model(say: Say, session: Session, server: Canned) -> None:
    session.add_message("user", "hello")
    assert say("/load other") == "Loading model 'other'\n"
    assert (session.model, session.info, session.messages) == ("other", {"system": "Be kind."}, [])
    assert server.bodies("POST /api/generate") == [{"model": "other"}]


def test_a_model_that_cannot_be_loaded_leaves_the_session_as_it_is(say: Say, session: Session, server: Canned) -> None:
    server.json("POST /api/show", {"error": "model 'nope:latest' not found"}, 404)
    assert say("/load nope") == "Loading model 'nope'\nCouldn't find model 'nope'\n"
    server.json("POST /api/show", {"error": "broken"}, 500)
    assert say("/load nope") == "Loading model 'nope'\nError: broken\n"
    assert session.model == "m"


def test_save_creates_a_model_from_the_session(say: Say, session: Session, server: Canned) -> None:
    server.stream("POST /api/create", {"status": "success"})
    session.add_message("user", "hello")
    assert say("/save mine") == "Created new model 'mine'\n"
    assert server.bodies("POST /api/create") == [session.create_request("mine")]
    server.json("POST /api/create", {"error": "invalid model name"}, 400)
    assert say("/save ?") == "Couldn't save the session: 400 Bad Request: invalid model name\n"
