"""The formats of tool calls that can be forced, and which of them a model has.

The name of the model's parser decides, or the tags that its template contains.
"""

import re

from paddock.parsing.calls.bare_values import ValueTags
from paddock.parsing.calls.forced_calls import CallFormat, in_json, in_pairs, in_tags
from paddock.parsing.formats.go_tags import ANY_OBJECT, call_texts, tool_tag
from paddock.parsing.formats.harmony import is_harmony

_OBJECT = ('{"name": ', ', "arguments": ', "}")
_CLOSE = "</tool_call>"

_TAGGED_JSON = CallFormat(in_json(f"<tool_call>\n{_OBJECT[0]}", _OBJECT[1], f"}}\n{_CLOSE}"), (_CLOSE,))
_FUNCTION_TAGS = CallFormat(
    in_tags(
        "<tool_call>\n<function={0}>\n",
        ("<parameter=", ">\n"),
        ValueTags("\n</parameter>\n", ("<parameter=", "</function>", "<tool_call>", _CLOSE)),
        f"</function>\n{_CLOSE}",
    )
)
_SEED_TAGS = CallFormat(
    in_tags(
        "<seed:tool_call>\n<function={0}>\n",
        ("<parameter=", ">"),
        ValueTags("</parameter>\n", ("<parameter=", "</function>", "<seed:tool_call>", "</seed:tool_call>")),
        "</function>\n</seed:tool_call>",
    )
)
_ARGUMENT_TAG_TEXTS = ("<arg_key>", "</arg_key>", "<arg_value>", "<tool_call>", _CLOSE)
_ARGUMENT_TAGS = CallFormat(
    in_tags(
        "<tool_call>{0}", ("<arg_key>", "</arg_key><arg_value>"), ValueTags("</arg_value>", _ARGUMENT_TAG_TEXTS), _CLOSE
    )
)
_ARGUMENT_LINES = CallFormat(
    in_tags(
        "<tool_call>{0}\n",
        ("<arg_key>", "</arg_key>\n<arg_value>"),
        ValueTags("</arg_value>\n", (*_ARGUMENT_TAG_TEXTS, "<user>", "</user>")),
        _CLOSE,
    )
)
_ADDRESSED = CallFormat(
    in_tags(
        ' to={0}<|message|><atem:function_calls>\n<atem:invoke name="{0}">\n',
        ('<atem:parameter name="', '">'),
        ValueTags(
            "</atem:parameter>\n",
            ("<atem:", "</atem:", "<|message|>", "<|start|>assistant", "<|eom|>", "<|eot|>"),
        ),
        "</atem:invoke>\n</atem:function_calls>",
    )
)
_DEEPSEEK = CallFormat(
    in_json(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>",
        "<｜tool▁sep｜>",
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        bare_name=True,
    ),
    ("<｜tool▁call▁end｜>",),
)
_FENCED = CallFormat(
    in_json(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>",
        "\n```json\n",
        "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        bare_name=True,
    ),
    ("<｜tool▁call▁end｜>",),
)
_LFM = CallFormat(in_pairs("<|tool_call_start|>[", "(", "=", ", ", ")]<|tool_call_end|>"), ("<|tool_call_end|>",))
_OLMO = CallFormat(in_pairs("<function_calls>", "(", "=", ", ", ")</function_calls>"), ("</function_calls>",))
_FUNCTION_GEMMA = CallFormat(
    in_pairs("<start_function_call>call:", "{", ":", ",", "}<end_function_call>"),
    ("<end_function_call>", "<escape>"),
)
_GEMMA = CallFormat(in_pairs("<|tool_call>call:", "{", ":", ",", "}<tool_call|>"), ("<tool_call|>", '<|"|>'))
_MINISTRAL = CallFormat(in_json("[TOOL_CALLS]", "[ARGS]", "", bare_name=True))
_COHERE = CallFormat(
    in_json('<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": ', ', "parameters": ', "}\n]<|END_ACTION|>")
)
_HARMONY = CallFormat(
    in_json("<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "", bare_name=True),
    ("<|end|>", "<|call|>", "<|return|>"),
)
_KIMI = CallFormat(
    in_json(
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.",
        ":0<|tool_call_argument_begin|>",
        "<|tool_call_end|><|tool_calls_section_end|>",
        bare_name=True,
    )
)

_BY_PARSER = {
    **dict.fromkeys(("qwen3", "qwen3-thinking", "qwen3-vl-instruct", "qwen3-vl-thinking"), _TAGGED_JSON),
    **dict.fromkeys(("qwen3.5", "ornith", "qwen3-coder", "nemotron-3-nano", "nemotron-3.5-nano"), _FUNCTION_TAGS),
    **dict.fromkeys(("glm-4.7", "glm-ocr"), _ARGUMENT_TAGS),
    **dict.fromkeys(("laguna", "poolside-v1"), _ARGUMENT_LINES),
    "deepseek3": _DEEPSEEK,
    "cogito": _FENCED,
    "olmo3": _OLMO,
    **dict.fromkeys(("lfm2", "lfm2-thinking"), _LFM),
    "functiongemma": _FUNCTION_GEMMA,
    **dict.fromkeys(("gemma4", "gemma4-no-thinking"), _GEMMA),
    "ministral": _MINISTRAL,
    "cohere": _COHERE,
    "harmony": _HARMONY,
    "glimmer": _ADDRESSED,
}


def call_format_of_parser(name: str) -> CallFormat | None:
    """Return the format that the parser of this name reads; None if calls in it cannot be forced."""
    return _BY_PARSER.get(name)


def call_format_of_template(template: str) -> CallFormat:
    """Return the format that a Go template shows; if it shows none, a JSON object with name and arguments."""
    if is_harmony(template):
        return _HARMONY
    shown = call_texts(template)
    if shown:
        return CallFormat(in_json(shown.before, shown.between, shown.after, bare_name=shown.bare_name))
    tag = tool_tag(template).replace(ANY_OBJECT, "")
    return CallFormat(in_json(tag + _OBJECT[0], _OBJECT[1], "}]" if tag.endswith("[") else "}"))


_BY_TAGS: tuple[tuple[tuple[str, ...], CallFormat], ...] = (
    (("<|START_ACTION|>",), _COHERE),
    (("<atem:function_calls>",), _ADDRESSED),
    (("<｜tool▁calls▁begin｜>", "```json"), _FENCED),
    (("<｜tool▁calls▁begin｜>",), _DEEPSEEK),
    (("<start_function_call>",), _FUNCTION_GEMMA),
    (("<|tool_call>", '<|"|>'), _GEMMA),
    (("<|tool_call_start|>",), _LFM),
    (("<seed:tool_call>",), _SEED_TAGS),
    (("<tool_call>", "<arg_key>"), _ARGUMENT_TAGS),
    (("<tool_call>", "<function="), _FUNCTION_TAGS),
    (("<tool_call>",), _TAGGED_JSON),
    (("<function_calls>", "</function_calls>"), _OLMO),
    (("[TOOL_CALLS]", "[ARGS]"), _MINISTRAL),
    (("[TOOL_CALLS]",), CallFormat(in_json("[TOOL_CALLS][" + _OBJECT[0], _OBJECT[1], "}]"))),
    (("<|tool_calls_section_begin|>",), _KIMI),
    (
        ("<|tool_call|>", "<|/tool_call|>"),
        CallFormat(in_json("<|tool_call|>[" + _OBJECT[0], _OBJECT[1], "}]<|/tool_call|>")),
    ),
    (("<|tool_call|>",), CallFormat(in_json("<|tool_call|>[" + _OBJECT[0], _OBJECT[1], "}]"))),
    (("<TOOLCALL>",), CallFormat(in_json("<TOOLCALL>[" + _OBJECT[0], _OBJECT[1], "}]</TOOLCALL>"))),
    (("<tool_calls>",), CallFormat(in_json("<tool_calls>[" + _OBJECT[0], _OBJECT[1], "}]</tool_calls>"))),
    (("functools",), CallFormat(in_json("functools[" + _OBJECT[0], _OBJECT[1], "}]"))),
)
"""Tags that a chat template contains, and the format of its model. The first row that matches counts."""

_PARAMETERS = re.compile(r"""["']parameters\\?["']\s*:""")


def call_format_of_chat_template(jinja: str) -> CallFormat:
    """Return the format that a Jinja chat template shows; if it shows none, a JSON object with name and arguments."""
    if is_harmony(jinja):
        return _HARMONY
    for tags, call_format in _BY_TAGS:
        if all(tag in jinja for tag in tags):
            return call_format
    between = ', "parameters": ' if _PARAMETERS.search(jinja) else _OBJECT[1]
    return CallFormat(in_json(_OBJECT[0], between, "}"))
