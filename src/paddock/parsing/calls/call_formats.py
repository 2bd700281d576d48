"""The formats of tool calls that several families of models share."""

from paddock.parsing.calls.bare_values import ValueTags
from paddock.parsing.calls.forced_calls import CallFormat, in_json, in_pairs, in_tags

_CLOSE = "</tool_call>"

TAGGED_JSON = CallFormat(in_json('<tool_call>\n{"name": ', ', "arguments": ', f"}}\n{_CLOSE}"), (_CLOSE,))
FUNCTION_TAGS = CallFormat(
    in_tags(
        "<tool_call>\n<function={0}>\n",
        ("<parameter=", ">\n"),
        ValueTags("\n</parameter>\n", ("<parameter=", "</function>", "<tool_call>", _CLOSE)),
        f"</function>\n{_CLOSE}",
    )
)
SEED_TAGS = CallFormat(
    in_tags(
        "<seed:tool_call>\n<function={0}>\n",
        ("<parameter=", ">"),
        ValueTags("</parameter>\n", ("<parameter=", "</function>", "<seed:tool_call>", "</seed:tool_call>")),
        "</function>\n</seed:tool_call>",
    )
)
_ARGUMENT_TAG_TEXTS = ("<arg_key>", "</arg_key>", "<arg_value>", "<tool_call>", _CLOSE)
ARGUMENT_TAGS = CallFormat(
    in_tags(
        "<tool_call>{0}", ("<arg_key>", "</arg_key><arg_value>"), ValueTags("</arg_value>", _ARGUMENT_TAG_TEXTS), _CLOSE
    )
)
ARGUMENT_LINES = CallFormat(
    in_tags(
        "<tool_call>{0}\n",
        ("<arg_key>", "</arg_key>\n<arg_value>"),
        ValueTags("</arg_value>\n", (*_ARGUMENT_TAG_TEXTS, "<user>", "</user>")),
        _CLOSE,
    )
)
SEPARATED_CALLS = CallFormat(
    in_json(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>",
        "<｜tool▁sep｜>",
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        bare_name=True,
    ),
    ("<｜tool▁call▁end｜>",),
)
FENCED_CALLS = CallFormat(
    in_json(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>",
        "\n```json\n",
        "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        bare_name=True,
    ),
    ("<｜tool▁call▁end｜>",),
)
LFM_CALLS = CallFormat(in_pairs("<|tool_call_start|>[", "(", "=", ", ", ")]<|tool_call_end|>"), ("<|tool_call_end|>",))
OLMO_CALLS = CallFormat(in_pairs("<function_calls>", "(", "=", ", ", ")</function_calls>"), ("</function_calls>",))
FUNCTION_GEMMA_CALLS = CallFormat(
    in_pairs("<start_function_call>call:", "{", ":", ",", "}<end_function_call>"),
    ("<end_function_call>", "<escape>"),
)
GEMMA_CALLS = CallFormat(in_pairs("<|tool_call>call:", "{", ":", ",", "}<tool_call|>"), ("<tool_call|>", '<|"|>'))
KIMI_CALLS = CallFormat(
    in_json(
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.",
        ":0<|tool_call_argument_begin|>",
        "<|tool_call_end|><|tool_calls_section_end|>",
        bare_name=True,
    )
)


def json_list_calls(before: str, after: str = "") -> CallFormat:
    """Return the format of calls as objects in a JSON list between two texts."""
    return CallFormat(in_json(f'{before}[{{"name": ', ', "arguments": ', f"}}]{after}"))


def json_object_calls(arguments_key: str = "arguments") -> CallFormat:
    """Return the format of a call as a JSON object without tags."""
    return CallFormat(in_json('{"name": ', f', "{arguments_key}": ', "}"))
