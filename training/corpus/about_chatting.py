"""What users do within a chat in Paddock, and options of models."""

from training.corpus.about_intent import Intent

CHATTING = (
    Intent(
        """
        [end|leave|quit|exit] [the|a|this|my] [chat|session|conversation|chat prompt]
        [close|stop|finish|get out of|go out of] [the|a|this|my] [chat|session|conversation|chat prompt]
        [end|leave|quit|exit] [paddock run|chatting]
        ?[exit chat|quit chat|end chat|leave chat|chat exit]
        """,
        """
        How could I get out of this session?
        What do I type when the conversation is to end?
        """,
        "Type `/bye` to end the chat.",
        "The user wants to end the chat. The command is /bye.",
        ("/bye",),
    ),
    Intent(
        """
        [clear|forget|erase|reset|empty|delete] [the|this|my] [chat|session|conversation|history|context|messages]
        [start over|begin anew|start again|start afresh|begin again] [in the chat|in a chat|]
        [forget|clear|erase] what [has been said|I said|was said]
        make [you|the model] forget [the chat|the conversation|what I said|everything]
        ?[clear chat|reset chat|clear history]
        """,
        """
        How could I reset this conversation?
        I want the model to forget what was said.
        """,
        "Type `/clear` to forget what has been said.",
        "The user wants to clear the chat. The command is /clear.",
        ("/clear",),
    ),
    Intent(
        """
        [set|change|use|choose|lower|raise|adjust] the temperature [to {t}|of the model|to {t} in the chat|]
        [set|change] the model's temperature [to {t}|]
        [have|get|use] [a temperature of {t}|a higher temperature|a lower temperature|another temperature]
        make [the answers|the replies|the model|you] [less random|more random|more creative|less creative]
        ?[temperature|temperature {t}|set temperature|temperature setting|where is the temperature set]
        """,
        """
        How could I change the model's temperature to {t}?
        I would like the temperature to be {t}.
        """,
        "Type `/set parameter temperature {t}` in the chat, or write `PARAMETER temperature {t}` in a Modelfile.",
        "The user wants to set the temperature. It is a parameter.",
        ("parameter temperature {t}",),
    ),
    Intent(
        """
        [set|change|use|give|write] [the|a|a new|another|my own] system [prompt|message] [in the chat|]
        [give|tell] [the model|you] [a system prompt|a role|a system message|a character]
        change [your|the model's] [role|behaviour|system prompt]
        ?[system prompt|system message|set system|system prompt setting]
        """,
        """
        What do I type for another system prompt?
        How could I give the model a new role?
        """,
        "Type `/set system` and the text in the chat, or write `SYSTEM` in a Modelfile.",
        "The user wants to set the system prompt. It is /set system.",
        ("/set system|system",),
    ),
    Intent(
        """
        [save|keep|store] [the|this|my] [chat|session|conversation] [as {m}|as a model|]
        ?[can I save a chat|save chat|save session|is the chat saved]
        """,
        """
        How could I store this conversation as {m}?
        I would like to keep my session as {m}.
        """,
        "Type `/save {m}` to save the session as a model.",
        "The user wants to save the session. The command is /save.",
        ("/save {m}",),
    ),
    Intent(
        """
        [switch|change|go] to {m} [in the chat|without leaving the chat|]
        [load|use] another model in the [chat|session]
        [load|take] {m} [in|inside|within] [the chat|a chat|this session]
        ?[switch model|change model|load model in the chat|can I change the model in a chat]
        """,
        """
        How could I change to {m} inside the chat?
        I'd like to go on with {m} in this chat.
        """,
        "Type `/load {m}` to go on with that model.",
        "The user wants another model in the chat. The command is /load.",
        ("/load {m}",),
    ),
    Intent(
        """
        [let|make|have] [{m}|the model|you|a model] think [first|before it answers|]
        [turn on|switch on|enable|use|start] thinking [with {m}|in the chat|mode|]
        [see|show|read] what the model thinks
        ?[can you think|do you think before you answer|thinking mode|think mode|how does thinking work]
        """,
        """
        How could I switch the thinking on?
        I want the model to think before it answers.
        """,
        "Type `/set think` in the chat, or add `--think` to `paddock run`.",
        "The user wants a model to think. It is /set think.",
        ("/set think|--think", "-nothink", "-false"),
    ),
    Intent(
        """
        [turn off|switch off|stop|disable|end] [thinking|the thinking|thinking mode]
        [make the model answer|have answers|get answers] without thinking
        ?[no thinking|nothink|thinking off|can I turn off thinking]
        """,
        """
        How could I disable the thinking mode?
        I want the thinking to be off.
        """,
        "Type `/set nothink` in the chat, or add `--think false` to `paddock run`.",
        "The user wants no thinking. It is /set nothink.",
        ("nothink|think false|think=false",),
    ),
    Intent(
        """
        [get|have|see|want] [answers|replies|the answer|a reply|output] [in|as] JSON
        [make|let] the model [answer|reply|write] in JSON
        [set|use|turn on] [JSON mode|JSON format|the JSON format|JSON output]
        ?[JSON mode|JSON output|can I get JSON|format JSON]
        """,
        """
        How could I have the replies as JSON?
        I want the model's output in JSON.
        """,
        "Type `/set format json` in the chat, or add `--format json` to `paddock run`.",
        "The user wants JSON. The format is set to json.",
        ("format json",),
    ),
    Intent(
        """
        [see|show|measure] [the speed|how fast the model is|how fast you are|tokens per second|the number of tokens]
        [know|find out|check] [the speed|how fast the model is|how fast you are|tokens per second|the number of tokens]
        [see|show|get] [counts and speeds|statistics|timings] [of a reply|after each reply|]
        ?[how fast are you|what is your speed|how fast is the model|how many tokens per second]
        """,
        """
        How could I check the speed of the model?
        I would like to see statistics after a reply.
        """,
        "Type `/set verbose` in the chat to see counts and speeds.",
        "The user asks for the speed. It is shown with /set verbose.",
        ("verbose",),
    ),
    Intent(
        """
        [write|type|enter|send] [several lines|a message of several lines|more than one line|many lines|a long message]
        [write|type|enter] a [multi-line|multiline] message
        [add|make|start|get] a new line [in the chat|in a message]
        ?[multiline|several lines|new line in the chat|can a message have several lines]
        """,
        """
        How could I type a message with many lines?
        I would like to enter several lines in my message.
        """,
        'Put `"""` before and after a message of several lines.',
        "The user wants several lines. Three quotes go around them.",
        ('"""|quotes',),
    ),
    Intent(
        """
        [see|show|list|find|know] [the|all|all the] commands [in|of|inside|within] [the|a] [chat|session]
        [see|list|show] the [slash commands|chat commands]
        ?[which|what] commands [can I use in the chat|work in the chat|are there in the chat|are there in a chat]
        ?[slash commands|chat commands|help in the chat]
        """,
        """
        What slash commands are there?
        How could I find all commands of the chat?
        """,
        "Type `/help` in the chat to see its commands.",
        "The user asks for the chat's commands. It is /help.",
        ("/help|/?",),
    ),
)
