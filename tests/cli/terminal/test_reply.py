import io

from paddock.cli.terminal.reply import ReplyPrinter, statistics


def test_thinking_is_set_apart_from_the_reply() -> None:
    out = io.StringIO()
    printer = ReplyPrinter(wordwrap=True, out=out)
    printer.feed("", "Hm")
    printer.feed("", ", yes.")
    printer.feed("Yes")
    printer.end()
    assert out.getvalue() == "Thinking...\nHm, yes.\n...done thinking.\n\nYes\n\n"


def test_hidden_thinking_leaves_the_reply_alone() -> None:
    out = io.StringIO()
    printer = ReplyPrinter(wordwrap=True, hide_thinking=True, out=out)
    printer.feed("", "Hm")
    printer.feed("Yes")
    printer.end()
    assert out.getvalue() == "Yes\n\n"


def test_text_that_does_not_go_to_a_terminal_is_not_wrapped() -> None:
    out = io.StringIO()
    ReplyPrinter(wordwrap=True, out=out).feed("word " * 100)
    assert out.getvalue() == "word " * 100


def test_statistics_are_those_of_the_recording() -> None:
    metrics = {
        "total_duration": 5_082_211,
        "load_duration": 450_806,
        "prompt_eval_count": 2,
        "prompt_eval_duration": 505_000,
        "eval_count": 12,
        "eval_duration": 2_618_000,
    }
    assert statistics(metrics) == (
        "total duration:       5.082211ms\n"
        "load duration:        450.806µs\n"
        "prompt eval count:    2 token(s)\n"
        "prompt eval duration: 505µs\n"
        "prompt eval rate:     3960.40 tokens/s\n"
        "eval count:           12 token(s)\n"
        "eval duration:        2.618ms\n"
        "eval rate:            4583.65 tokens/s\n"
    )


def test_what_was_not_measured_is_left_out() -> None:
    assert statistics({"total_duration": 2_000_000_000}) == "total duration:       2s\n"
