"""Which notation of calls a model has: by the name of its parser, or by what its template shows."""

import re

from paddock.parsing.calls.bare_values import Place
from paddock.parsing.calls.forced_calls import CallNotation, in_json, in_pairs, in_tags
from paddock.parsing.formats.go_tags import ANY_OBJECT, call_texts, tool_tag
from paddock.parsing.formats.harmony import is_harmony

_OBJECT = ('{"name": ', ', "arguments": ', "}")
_CLOSE = "</tool_call>"

TAGGED_JSON = CallNotation(in_json(f"<tool_call>\n{_OBJECT[0]}", _OBJECT[1], f"}}\n{_CLOSE}"), (_CLOSE,))
FUNCTION_TAGS = CallNotation(
    in_tags(
        "<tool_call>\n<function={0}>\n",
        ("<parameter=", ">\n"),
        Place("\n</parameter>\n", ("<parameter=", "</function>", "<tool_call>", _CLOSE)),
        f"</function>\n{_CLOSE}",
    )
)
SEED_TAGS = CallNotation(
    in_tags(
        "<seed:tool_call>\n<function={0}>\n",
        ("<parameter=", ">"),
        Place("</parameter>\n", ("<parameter=", "</function>", "<seed:tool_call>", "</seed:tool_call>")),
        "</function>\n</seed:tool_call>",
    )
)
_ARGUMENT_TAGS = ("<arg_key>", "</arg_key>", "<arg_value>", "<tool_call>", _CLOSE)
ARGUMENT_TAGS = CallNotation(
    in_tags("<tool_call>{0}", ("<arg_key>", "</arg_key><arg_value>"), Place("</arg_value>", _ARGUMENT_TAGS), _CLOSE)
)
ARGUMENT_LINES = CallNotation(
    in_tags(
        "<tool_call>{0}\n",
        ("<arg_key>", "</arg_key>\n<arg_value>"),
        Place("</arg_value>\n", (*_ARGUMENT_TAGS, "<user>", "</user>")),
        _CLOSE,
    )
)
ADDRESSED = CallNotation(
    in_tags(
        ' to={0}<|message|><atem:function_calls>\n<atem:invoke name="{0}">\n',
        ('<atem:parameter name="', '">'),
        Place(
            "</atem:parameter>\n",
            ("<atem:", "</atem:", "<|message|>", "<|start|>assistant", "<|eom|>", "<|eot|>"),
        ),
        "</atem:invoke>\n</atem:function_calls>",
    )
)
DEEPSEEK = CallNotation(
    in_json(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>",
        "<｜tool▁sep｜>",
        "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        bare_name=True,
    ),
    ("<｜tool▁call▁end｜>",),
)
FENCED = CallNotation(
    in_json(
        "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>",
        "\n```json\n",
        "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        bare_name=True,
    ),
    ("<｜tool▁call▁end｜>",),
)
LFM = CallNotation(in_pairs("<|tool_call_start|>[", "(", "=", ", ", ")]<|tool_call_end|>"), ("<|tool_call_end|>",))
OLMO = CallNotation(in_pairs("<function_calls>", "(", "=", ", ", ")</function_calls>"), ("</function_calls>",))
FUNCTION_GEMMA = CallNotation(
    in_pairs("<start_function_call>call:", "{", ":", ",", "}<end_function_call>"),
    ("<end_function_call>", "<escape>"),
)
GEMMA = CallNotation(in_pairs("<|tool_call>call:", "{", ":", ",", "}<tool_call|>"), ("<tool_call|>", '<|"|>'))
MINISTRAL = CallNotation(in_json("[TOOL_CALLS]", "[ARGS]", "", bare_name=True))
COHERE = CallNotation(
    in_json('<|START_ACTION|>[\n    {"tool_call_id": "0", "tool_name": ', ', "parameters": ', "}\n]<|END_ACTION|>")
)
HARMONY = CallNotation(
    in_json("<|channel|>commentary to=functions.", " <|constrain|>json<|message|>", "", bare_name=True),
    ("<|end|>", "<|call|>", "<|return|>"),
)
KIMI = CallNotation(
    in_json(
        "<|tool_calls_section_begin|><|tool_call_begin|>functions.",
        ":0<|tool_call_argument_begin|>",
        "<|tool_call_end|><|tool_calls_section_end|>",
        bare_name=True,
    )
)

_OF_PARSER = {
    **dict.fromkeys(("qwen3", "qwen3-thinking", "qwen3-vl-instruct", "qwen3-vl-thinking"), TAGGED_JSON),
    **dict.fromkeys(("qwen3.5", "ornith", "qwen3-coder", "nemotron-3-nano", "nemotron-3.5-nano"), FUNCTION_TAGS),
    **dict.fromkeys(("glm-4.7", "glm-ocr"), ARGUMENT_TAGS),
    **dict.fromkeys(("laguna", "poolside-v1"), ARGUMENT_LINES),
    "deepseek3": DEEPSEEK,
    "cogito": FENCED,
    "olmo3": OLMO,
    **dict.fromkeys(("lfm2", "lfm2-thinking"), LFM),
    "functiongemma": FUNCTION_GEMMA,
    **dict.fromkeys(("gemma4", "gemma4-no-thinking"), GEMMA),
    "ministral": MINISTRAL,
    "cohere": COHERE,
    "harmony": HARMONY,
    "glimmer": ADDRESSED,
}


def notation_of_parser(name: str) -> CallNotation | None:
    """The notation that the parser of this name reads; None where no call in it can be forced."""
    return _OF_PARSER.get(name)


def notation_of_template(template: str) -> CallNotation:
    """The notation that a Go template shows; where it shows none, an object with name and arguments."""
    if is_harmony(template):
        return HARMONY
    shown = call_texts(template)
    if shown:
        return CallNotation(in_json(shown.before, shown.between, shown.after, bare_name=shown.bare_name))
    tag = tool_tag(template).replace(ANY_OBJECT, "")
    return CallNotation(in_json(tag + _OBJECT[0], _OBJECT[1], "}]" if tag.endswith("[") else "}"))


_OF_TAGS: tuple[tuple[tuple[str, ...], CallNotation], ...] = (
    (("<|START_ACTION|>",), COHERE),
    (("<atem:function_calls>",), ADDRESSED),
    (("<｜tool▁calls▁begin｜>", "```json"), FENCED),
    (("<｜tool▁calls▁begin｜>",), DEEPSEEK),
    (("<start_function_call>",), FUNCTION_GEMMA),
    (("<|tool_call>", '<|"|>'), GEMMA),
    (("<|tool_call_start|>",), LFM),
    (("<seed:tool_call>",), SEED_TAGS),
    (("<tool_call>", "<arg_key>"), ARGUMENT_TAGS),
    (("<tool_call>", "<function="), FUNCTION_TAGS),
    (("<tool_call>",), TAGGED_JSON),
    (("<function_calls>", "</function_calls>"), OLMO),
    (("[TOOL_CALLS]", "[ARGS]"), MINISTRAL),
    (("[TOOL_CALLS]",), CallNotation(in_json("[TOOL_CALLS][" + _OBJECT[0], _OBJECT[1], "}]"))),
    (("<|tool_calls_section_begin|>",), KIMI),
    (
        ("<|tool_call|>", "<|/tool_call|>"),
        CallNotation(in_json("<|tool_call|>[" + _OBJECT[0], _OBJECT[1], "}]<|/tool_call|>")),
    ),
    (("<|tool_call|>",), CallNotation(in_json("<|tool_call|>[" + _OBJECT[0], _OBJECT[1], "}]"))),
    (("<TOOLCALL>",), CallNotation(in_json("<TOOLCALL>[" + _OBJECT[0], _OBJECT[1], "}]</TOOLCALL>"))),
    (("<tool_calls>",), CallNotation(in_json("<tool_calls>[" + _OBJECT[0], _OBJECT[1], "}]</tool_calls>"))),
    (("functools",), CallNotation(in_json("functools[" + _OBJECT[0], _OBJECT[1], "}]"))),
)
"""Tags that a chat template holds, and the notation of its model. The first row counts, as for parsers."""

_PARAMETERS = re.compile(r"""["']parameters\\?["']\s*:""")


def notation_of_chat_template(jinja: str) -> CallNotation:
    """The notation that a chat template in Jinja shows; where it shows none, an object with name and arguments."""
    if is_harmony(jinja):
        return HARMONY
    for tags, notation in _OF_TAGS:
        if all(tag in jinja for tag in tags):
            return notation
    between = ', "parameters": ' if _PARAMETERS.search(jinja) else _OBJECT[1]
    return CallNotation(in_json(_OBJECT[0], between, "}"))
