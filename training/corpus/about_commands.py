"""Paddock's commands: what users want to do, and the command that does it."""

from training.corpus.about_intent import Intent

MODELS = (
    Intent(
        """
        [list|show|see|view|display|print|find] [my|all|all my|the] models
        [list|show|see|view|display|print|find] [all the|the installed|my local|all local|the downloaded] models
        [list|show|see|find|view] [the|all|all the] models [I have|on disk|on this machine]
        [list|show|see|find|view] [the|all|all the] models [on my machine|on my computer|that are installed|here]
        [see|show|find out] [which|what] models [I have|are installed|I have installed]
        [see|show|find out] [which|what] models [are on this machine|are on disk|are here]
        [check|know|list] [which|what] models [I have|are installed|I have installed]
        [check|know|list] [which|what] models [are on this machine|are on disk|are here]
        get [a|the] list of [my|all|the installed|all my] models
        ?[which|what] models [do I have|are installed|are on this machine|are on disk]
        ?[which|what] models [have I downloaded|can I run|are available|are there]
        ?[list models|models list|model list|paddock list|list of models]
        """,
        """
        How do I see all the models I installed?
        Which models are on my computer?
        """,
        "Run `paddock list` to see your models.",
        "The user wants to list models. The command is paddock list.",
        ("paddock list",),
    ),
    Intent(
        """
        [download|pull|get|fetch|install|add|load down] {m} [from a registry|from the registry|from the internet|]
        [download|pull|get|fetch|install] [a new model|new models|another model|more models]
        ?where do I get [models|new models|more models|{m}]
        ?[pull model|model download|download models|paddock pull]
        """,
        """
        How can I get {m} on my machine?
        I'd like to install the model {m}, how?
        """,
        "Run `paddock pull {m}` to download the model.",
        "The user wants to download a model. The command is paddock pull.",
        ("paddock pull {m}",),
    ),
    Intent(
        """
        [remove|delete|erase|uninstall] {m} [from disk|from my machine|for ever|from paddock|]
        [get rid of|throw away|rm|drop] {m} [from disk|from my machine|for ever|from paddock|]
        [remove|delete|erase|uninstall] [an old model|one model|old models|unused models|models]
        free disk space by [deleting|removing] {m}
        ?[delete model|remove models|model removal|paddock rm]
        """,
        """
        How could I get {m} off my disk?
        I don't need {m} any more, how do I delete it?
        """,
        "Run `paddock rm {m}` to delete the model.",
        "The user wants to delete a model. The command is paddock rm.",
        ("paddock rm {m}",),
    ),
    Intent(
        """
        [copy|rename|duplicate|cp|clone] {m} [to|as|into] {n}
        [copy|rename|duplicate|clone] {m}
        [make|create] a copy of {m} [called|named] {n}
        [make|create] a copy of {m}
        give {m} [a second|another|a new] name
        give {m} the [new|second|other|] name {n}
        ?[copy model|model copy|rename model|paddock cp]
        """,
        """
        How do I get a copy of {m} with the name {n}?
        I want another name for {m}, the name {n}.
        """,
        "Run `paddock cp {m} {n}` to copy the model.",
        "The user wants to copy a model. The command is paddock cp.",
        ("paddock cp {m} {n}",),
    ),
    Intent(
        """
        [start|run|launch|begin|open|turn on|switch on|boot] [the|a|my] [server|paddock server|API server]
        [start|run|launch] [paddock|the API|paddock in the background|serving]
        serve [models|my models|the API|paddock]
        ?what starts the [server|API]
        ?[start server|server start|paddock serve|run server|how does the server start]
        """,
        """
        What starts the Paddock server?
        How do I turn the server on?
        """,
        "Run `paddock serve` to start the server.",
        "The user wants to start the server. The command is paddock serve.",
        ("paddock serve", "start|run", "-ctrl-c", "-set"),
    ),
    Intent(
        """
        [stop|end|shut down|quit|turn off|kill|close|switch off] [the|my] [server|paddock server|API server]
        [stop|end|quit|shut down] [paddock|paddock serve|serving]
        ?what [ends|stops] [serving|paddock]
        ?[stop server|server stop|server off|how does the server stop]
        """,
        """
        How do I turn the paddock server off?
        What ends the server?
        """,
        "Press Ctrl-C where `paddock serve` runs.",
        "The user wants to stop the server. Ctrl-C does it.",
        ("ctrl-c|ctrl+c|ctrl c",),
    ),
    Intent(
        """
        [chat with|talk to|run|use|start|try|speak with|open|ask] {m} [in the terminal|on the command line|]
        [start|begin|open|have] a [chat|conversation|session|talk] with {m}
        [chat|start chatting|start a chat|open a chat]
        ?[run model|chat with model|start chat|paddock run]
        """,
        """
        How could I have a talk with {m}?
        I would like to speak to {m}, how?
        """,
        "Run `paddock run {m}` to chat with the model.",
        "The user wants to chat with a model. The command is paddock run.",
        ("paddock run {m}", "chat|talk|speak", "-your prompt"),
    ),
    Intent(
        """
        [ask|send|give] {m} [a single|one|just one] [question|prompt|thing] [without a chat|]
        [send|give|pass] [a prompt|one prompt|a question] to {m} [without a chat|and leave|]
        get [one answer|a single answer|just one answer|one reply|a single reply] from {m}
        [run|answer] a single prompt with {m}
        """,
        """
        How do I pass just one question to {m}?
        I want a single answer from {m} without a chat.
        """,
        'Run `paddock run {m} "your prompt"` to get one answer.',
        "The user wants one answer. The prompt goes after paddock run.",
        ("paddock run {m}", "prompt|question"),
    ),
    Intent(
        """
        [see|list|show|check|view|find|display] [running|loaded|active|the running] models
        [see|list|show|check|view|find|display] [the loaded|the active|all running|all loaded] models
        [see|list|show|check|find out|know] [which|what] [models are|model is] [running|loaded|in memory|active] [now|]
        [see|list|show] the models [in memory|in RAM|that are running|that are loaded]
        ?[which|what] models are [running|loaded|in memory|active|in use] [now|right now|]
        ?is [a model|any model|{m}] [running|loaded|in memory] [now|]
        ?[running models|loaded models|paddock ps|models in memory]
        """,
        """
        What models are loaded in memory just now?
        How could I check which model is active now?
        """,
        "Run `paddock ps` to see which models are loaded.",
        "The user asks for loaded models. The command is paddock ps.",
        ("paddock ps",),
    ),
    Intent(
        """
        [stop|unload|end|halt|quit|free] {m}
        [unload|remove|free|take|clear] {m} from [memory|RAM]
        free [the memory|memory|RAM] [of|used by|taken by] {m}
        stop [running|the running of] {m}
        ?[unload model|stop model|model unload|paddock stop]
        """,
        """
        How can I take {m} out of memory?
        I want {m} to be unloaded.
        """,
        "Run `paddock stop {m}` to unload the model.",
        "The user wants to unload a model. The command is paddock stop.",
        ("paddock stop {m}",),
    ),
    Intent(
        """
        [see|show|view|get] the [details|parameters|size|information|info|template|data] of {m}
        [find|look at|display|print] the [details|parameters|size|information|info|template|data] of {m}
        [see|get|find|show|learn] [more about|information about|details about|info on|facts about] {m}
        [inspect|describe|look into] {m}
        ?what [is in|is inside|do I know about] {m}
        ?how [large|big] is {m}
        ?[model details|model info|show model|paddock show]
        """,
        """
        How can I find out more about {m}?
        I want to look at the info of {m}.
        """,
        "Run `paddock show {m}` to see the model's details.",
        "The user asks for a model's details. The command is paddock show.",
        ("paddock show {m}", "-modelfile"),
    ),
    Intent(
        """
        [create|make|build|define|write] {m} [from|with|out of|using] a modelfile
        [create|make] [my own model|a new model|a model of my own|a custom model|an own model] [from a modelfile|]
        [build|define|set up] [my own model|a new model] [from a modelfile|]
        [build|define|set up] [a model of my own|a custom model|an own model] [from a modelfile|]
        [import|use|load|bring in] [a GGUF file|a GGUF|my GGUF file|a GGUF model]
        turn a [modelfile|GGUF file] into {m}
        ?[create model|import GGUF|custom model|paddock create]
        """,
        """
        How do I build the model {m} out of my Modelfile?
        I have a Modelfile and want to make {m}.
        """,
        "Run `paddock create {m} -f Modelfile` to make the model.",
        "The user wants to make a model. The command is paddock create.",
        ("paddock create {m}", "-quantize"),
    ),
    Intent(
        """
        [push|upload|publish|send|share] {m} [to a registry|to the registry|]
        [upload|publish|share] [my own model|my models|a model I made]
        put {m} [into|in|on] a registry
        ?[push model|upload model|model upload|paddock push]
        """,
        """
        How would I get {m} into the registry?
        I want to share {m} in a registry.
        """,
        "Run `paddock push {m}` to send the model to a registry.",
        "The user wants to upload a model. The command is paddock push.",
        ("paddock push {m}",),
    ),
    Intent(
        """
        [quantize|compress|shrink|make smaller] {m}
        [create|make|get] a [quantized|smaller|compressed] [model|copy of {m}|version of {m}]
        make {m} smaller
        ?[can paddock quantize|does paddock quantize models|quantize model|quantization]
        """,
        """
        How do I shrink {m} by quantization?
        I want a smaller version of the model {m}.
        """,
        "Run `paddock create {m} -f Modelfile -q q4_K_M` to quantize a model.",
        "The user wants to quantize. It is an option of paddock create.",
        ("paddock create", "-q|quantize"),
    ),
    Intent(
        """
        [see|show|print|get|read|view|find] the modelfile of {m}
        [see|show|print|get] [a modelfile that makes|the modelfile for] {m}
        [export|write out] {m} as a modelfile
        ?where is the modelfile of {m}
        """,
        """
        Which command shows me the Modelfile of {m}?
        I want to read the Modelfile for {m}.
        """,
        "Run `paddock show {m} --modelfile` to see its Modelfile.",
        "The user wants a model's Modelfile. paddock show prints it.",
        ("paddock show {m} --modelfile",),
    ),
    Intent(
        """
        [see|show|get|find|check|print|know] [the|my] version [of paddock|]
        [see|know|find out|check|tell] which version [I have|of paddock I have|of paddock is installed|this is]
        ?[which|what] version [of paddock is this|of paddock do I have|is this|is installed|is paddock]
        ?[paddock version|version number|the version]
        """,
        """
        What version of Paddock is installed?
        How could I check my version?
        """,
        "Run `paddock --version` to see the version.",
        "The user asks for the version. The flag is --version.",
        ("--version|paddock -v",),
    ),
    Intent(
        """
        [see|list|show|find|get|learn|know] [all|the|all the|paddock's] [commands|flags|options] [of paddock|]
        get help [with paddock|on the command line|for a command|with the commands]
        ?[which|what] commands [are there|does paddock have|can I use|do you know|exist]
        ?[paddock help|list of commands|paddock commands|help with paddock|how does paddock work|how do I use paddock]
        """,
        """
        Show me a list of Paddock's commands.
        What commands can I run?
        """,
        "Run `paddock --help` to see all commands.",
        "The user asks for the commands. The flag is --help.",
        ("--help|paddock -h",),
    ),
)
