"""Recorded replies that our parsers deliberately take apart otherwise, and why.

A case is the recording's name, a colon and the row's name; rows of a template's recording come with their kind.
"""

_INVENTED = "an empty or foreign call came out of a broken one"
_LOST = "a readable call was lost"
_ECHO = "the model repeated the tag that the prompt ended with, and it leaked into the thinking"
_WRAPPED = "the arguments came out wrapped in the call they belong to"
_SPOILT = "text came out damaged: bytes for characters, or escapes left in strings"
_DROPPED = "a broken call vanished, with what stood behind it; it is content"

_REASONS: dict[str, str] = {
    _INVENTED: """
        qwen3-vl-instruct:no-name
        functiongemma:typed-arguments functiongemma:newline-in-value functiongemma:no-braces functiongemma:not-a-call
        command-r-plus:tools:unknown-then-known deepseek-tools:tools:unknown-then-known
        firefunction:tools:unknown-then-known granite3.2:tools:unknown-then-known hermes3:tools:unknown-then-known
        llama3-groq-tool-use:tools:unknown-then-known magistral:tools:unknown-then-known
        mistral-nemo:tools:unknown-then-known phi4-mini:tools:unknown-then-known qwen2.5:tools:unknown-then-known
        qwen3:tools:unknown-then-known
    """,
    _LOST: """
        cogito:no-fence gemma4:no-call-prefix gemma4:dashed-key harmony:several-calls ministral:name-with-space
        olmo3:dotted-name qwen3-coder:xml-inside-value
        llama3.1:tools:two-calls llama3.1:tools:same-call-twice llama3.1:tools:prefix-names llama3.1:chat:two-calls
        llama3.1:chat:same-call-twice llama3.1-nemotron:tools:two-calls llama3.1-nemotron:tools:same-call-twice
        llama3.1-nemotron:tools:prefix-names llama3.2:tools:two-calls llama3.2:tools:same-call-twice
        llama3.2:tools:prefix-names
        deepseek-tools:tools:typed magistral:tools:typed mistral-small3.2:tools:typed command-r-plus:tools:typed
        xlam:tools:tag-two-calls xlam:tools:tag-same-call-twice xlam:tools:tag-prefix-names
    """,
    _ECHO: """
        cogito:echoed-open-tag cohere:echoed-open-tag deepseek3:echoed-open-tag glm-4.7:echoed-open-tag
        olmo3-think:echoed-open-tag qwen3-vl-thinking:echoed-open-tag gemma4:after-tool-result
    """,
    _WRAPPED: """
        command-r-plus:tools:one-call command-r-plus:tools:text-then-call command-r-plus:tools:two-calls
        command-r-plus:tools:same-call-twice command-r-plus:tools:prefix-names
        command-r-plus:tools:no-arguments-object command-r-plus:tools:call-then-text
        command-r-plus:tools:spaces-first command-r-plus:tools:arguments-as-string command-r-plus:chat:one-call
        command-r-plus:chat:text-then-call command-r-plus:chat:two-calls command-r-plus:chat:same-call-twice
    """,
    _SPOILT: """
        olmo3:typed-arguments olmo3:unicode-value lfm2:typed-arguments lfm2:escapes lfm2-thinking:typed-arguments
        lfm2-thinking:escapes
    """,
    _DROPPED: """
        olmo3:no-parentheses olmo3:missing-equals olmo3:good-and-bad-line lfm2:broken lfm2:positional
        lfm2-thinking:broken lfm2-thinking:positional llama3.1:tools:call-then-text
    """,
}

KNOWN_DIFFERENCES = {case: reason for reason, cases in _REASONS.items() for case in cases.split()}
"""Cases with their reasons."""

OVERFLOWED, WRITTEN = float(-(2**63)), float(12345678901234567890)
"""An integer that overflowed on the recording machine (rows with a note), and what the model wrote."""
