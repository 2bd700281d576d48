"""The whole contract between the fleet and a runner: typed messages in length-prefixed frames, nothing else.

A runner is a program that holds one loaded model. It has its own copies of the files that models are made of, and
finds each by its digest. It reads frames with `Command`s and writes frames with `Event`s; a local one does so on its
standard input and output, and logs lines to standard error. Whatever speaks these messages can stand in its place:

1. The fleet sends `LoadModel`. The runner answers `Loaded`, and from then on takes further commands; or it answers
   `LoadFailed` and ends.
2. Each request (`Generate`, `Embed`, `Tokenize`, `Measure`) carries an `id` that the fleet chooses. It is unique among
   the requests of one runner, and every event that answers the request carries it. Requests need not wait for one
   another; their answers may come in any order, but those to one request come in their own order.
3. A request ends with its answer or with `Failed`. `Cancel` ends it without an answer: events that are already on
   their way may still arrive, and the fleet ignores events of ids that it does not know.
4. `Shutdown`, or the end of the runner's input, ends the runner at once. The end of its output tells the fleet that
   the runner has gone; requests that had no end by then have failed.

`commands` and `events` say which message answers which, with units and limits; `constraints` says what a reply may have
to match, `format_limits` how much that may be, `placeholders` where images belong in a prompt, and `frames` how
messages travel as bytes.
"""

from paddock.ipc.commands import (
    Cancel,
    Command,
    Embed,
    FileRef,
    FlashAttention,
    Generate,
    KVCacheType,
    LoadModel,
    Measure,
    Sampling,
    Shutdown,
    ThinkingTags,
    Tokenize,
)
from paddock.ipc.constraints import (
    MAX_EXACT_INTEGER,
    AnyOf,
    BareText,
    CallPart,
    CallTemplate,
    Constraint,
    JsonObject,
    JsonSchema,
    JsonValue,
    Lark,
    LiteralText,
    Regex,
    Region,
    ToolCalls,
)
from paddock.ipc.events import (
    Chunk,
    Embedded,
    Event,
    Failed,
    FailureKind,
    Finished,
    FinishReason,
    Loaded,
    LoadFailed,
    Measured,
    Statistics,
    Step,
    TokenLogprob,
    Tokens,
    Vector,
)
from paddock.ipc.frames import HEADER, MAX_FRAME, BrokenStream, Frames, decode_command, decode_event, encode
from paddock.ipc.placeholders import BadPlaceholder, Placeholder, check_placeholders

__all__ = [
    "HEADER",
    "MAX_EXACT_INTEGER",
    "MAX_FRAME",
    "AnyOf",
    "BadPlaceholder",
    "BareText",
    "BrokenStream",
    "CallPart",
    "CallTemplate",
    "Cancel",
    "Chunk",
    "Command",
    "Constraint",
    "Embed",
    "Embedded",
    "Event",
    "Failed",
    "FailureKind",
    "FileRef",
    "FinishReason",
    "Finished",
    "FlashAttention",
    "Frames",
    "Generate",
    "JsonObject",
    "JsonSchema",
    "JsonValue",
    "KVCacheType",
    "Lark",
    "LiteralText",
    "LoadFailed",
    "LoadModel",
    "Loaded",
    "Measure",
    "Measured",
    "Placeholder",
    "Regex",
    "Region",
    "Sampling",
    "Shutdown",
    "Statistics",
    "Step",
    "ThinkingTags",
    "TokenLogprob",
    "Tokenize",
    "Tokens",
    "ToolCalls",
    "Vector",
    "check_placeholders",
    "decode_command",
    "decode_event",
    "encode",
]
