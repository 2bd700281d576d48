"""What users do within a chat in Paddock, and options of models."""

from training.corpus.about_intent import Intent

CHATTING = (
    Intent(
        """
        [end|leave|quit|exit] [the|a|this|my] [chat|session|conversation|chat prompt]
        [close|stop|finish|get out of|go out of] [the|a|this|my] [chat|session|conversation|chat prompt]
        [end|leave|quit|exit] [paddock run|chatting]
        ?[exit chat|quit chat|end chat|leave chat|chat exit]
        ![I'd like|I want|I need|it is time] to [leave this chat|get out of here|end our session|be done with this chat]
        ?what do I [type|write|enter] [to leave|to end the chat|at the end of a chat|when I am done here|to get out]
        ?which command [ends|leaves|closes|quits] [the chat|a session|the conversation]
        ?how would I [leave|end|close|stop] [this chat|the session|our conversation]
        ?[is it possible to leave the chat|how does a chat end|how is a chat closed|how does one leave the chat]
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
        ![I'd like|I want|I need] [to begin anew|an empty chat|a fresh chat]
        ![I'd like|I want|I need] [the chat to be empty|all messages gone|you to forget it all]
        ?what do I [type|write|enter] [to start afresh|for an empty chat|so that the chat is forgotten|to forget it all]
        ?which command [clears|resets|empties|forgets] [the chat|the history|all messages|the session]
        ?how would I [clear|empty|reset] [the chat|the history|the context|my session]
        ?[is it possible to clear the chat|can the history be erased|can I start again with an empty chat]
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
        ![I'd like|I want|I need] [a temperature of {t}|the temperature at {t}]
        ![I'd like|I want|I need] [temperature {t}|to have the temperature at {t}]
        ?what do I [type|write|enter] [for a temperature of {t}|so that the temperature is {t}|to have temperature {t}]
        ?which [command|parameter|setting] [sets|changes|makes] [the temperature|the temperature {t}]
        ?which [command|parameter|setting] [sets|changes|makes] replies less random
        ?how would I [set|lower|raise] the temperature [to {t}|]
        ?[is it possible to change the temperature|can the temperature be {t}]
        ?[can I have temperature {t}|how is temperature set]
        !the temperature [should be|must be|shall be|has to be] {t} [, how|]
        put the temperature at {t}
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
        ![I'd like|I want|I need] [a different system prompt|my own system prompt]
        ![I'd like|I want|I need] [the model to play a role|a new system message]
        ?what do I [type|write|enter] [to change the system prompt|for a new system message]
        ?what do I [type|write|enter] so that the model plays a role
        ?which command [sets|changes|replaces] the system [prompt|message]
        ?how would I [set|change|write] [the system prompt|a system message|the model's role]
        ?[is it possible to change the system prompt|can the system prompt be changed|where does the system prompt go]
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
        ![I'd like|I want|I need] [this chat saved as {m}|our session to be saved as {m}]
        ![I'd like|I want|I need] [the chat to become {m}|to save this as {m}]
        ?what do I [type|write|enter] [to have this chat saved as {m}|so that the session is saved as {m}]
        ?which command [saves|keeps|stores] [the session|this chat|a conversation] [as {m}|]
        ?how would I [save|keep|store] [this chat|the session|a conversation] [as {m}|]
        ?[is it possible to save this chat|can this session be saved as {m}|can the chat be kept as {m}]
        !this [chat|session|conversation] should be [saved|kept|stored] as {m}
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
        ![I'd like|I want|I need] [{m} instead of this model|to have {m} in this chat from now on]
        ![I'd like|I want|I need] [to switch over to {m}|{m} in here]
        ?what do I [type|write|enter] [to have {m} in this chat|so that {m} answers from here on|to switch to {m}]
        ?which command [switches to {m}|loads {m} in a chat|changes the model in a chat|takes another model in the chat]
        ?how would I [switch over to|change over to] {m} [in here|while I chat|]
        ?[is it possible to switch to {m} here|can {m} take over this chat|can I use {m} in this chat now]
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
        ![I'd like|I want|I need] [thinking to be on|thoughts before the answer|you to think]
        ![I'd like|I want|I need] [{m} to think first|to see your thoughts]
        ?what do I [type|write|enter] [to have thinking on|so that the model thinks|to let it think|for thinking]
        ?which [command|flag|option] [turns thinking on|makes the model think|enables thinking|lets {m} think]
        ?how would I [turn on|enable|activate] [thinking|the thinking mode]
        ?[is it possible to let the model think|can thinking be turned on]
        ?[can the model think first|how is thinking enabled]
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
        ![I'd like|I want|I need] [no thinking|no thoughts before the answer|answers without thoughts|the thinking gone]
        ?what do I [type|write|enter] [to have no thinking|so that the model does not think|to end the thinking]
        ?which [command|flag|option] [turns thinking off|disables thinking|stops the thinking]
        ?how would I [turn off|disable|stop] [thinking|the thoughts]
        ![do not think first, how|the model thinks too long, how do I stop that]
        ![thinking takes too long|thinking should be off]
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
        ![I'd like|I want|I need] [every reply as JSON|JSON back|only JSON from the model]
        ![I'd like|I want|I need] [JSON answers|the answers to be JSON]
        ?what do I [type|write|enter] [for JSON answers|so that replies are JSON|to get JSON back|for the JSON format]
        ?which [command|flag|option] [sets the format to JSON|makes the model write JSON|gives JSON replies]
        ?how would I [get|have] [JSON replies|JSON from the model|answers in the JSON format]
        ?[is it possible to get JSON|can the model write JSON|can replies be JSON|is there a JSON mode]
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
        ![I'd like|I want|I need] [to know how fast it is|the tokens per second|to see the timings]
        ![I'd like|I want|I need] [numbers on the speed|the speed shown]
        ?what do I [type|write|enter] [to see the speed|for the timings|so that speeds are shown|for tokens per second]
        ?which command [shows|prints|displays] [the speed|the timings|tokens per second|how fast the model is]
        ?how would I [see|measure|learn] [the speed|tokens per second|how quick the model is]
        ?[is it possible to see the speed|can the speed be shown|how quick is this model|how long did the reply take]
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
        ![I'd like|I want|I need] [to write a message over several lines|a line break in my message]
        ![I'd like|I want|I need] to paste several lines
        ?what do I [type|write|put] [around several lines|for a message of more lines]
        ?what do I [type|write|put] [to have a line break|before a long text]
        ?how would I [write|send|paste] [more than one line|a text of several lines|a message with line breaks]
        ?[is it possible to write several lines|can I paste many lines]
        ?[how does a line break work|can a prompt have two lines]
        !my message has [two lines|three lines|several lines|line breaks], how do I [write it|send it|enter it]
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
        ![I'd like|I want|I need] [a list of the slash commands|to know the commands in here]
        ![I'd like|I want|I need] to see what I can type in a chat
        ?what do I [type|write|enter] [in the chat for help|to see the slash commands|for the commands of this chat]
        ?which command [lists the slash commands|shows the chat's commands|gives help in the chat]
        ?how would I [see|get|list] [the slash commands|the commands of this chat|help within the chat]
        ?[are there slash commands|is there help in the chat|what can I type in the chat besides messages]
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
