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
        ?how would I [see|list|find] [what models I have|which models I already have|the names of my models]
        ![I'd like|I want|I need] [an overview of|a list with|to have a look at] [my models|the models here]
        ?is it possible to [see|list|show] [my models|what I have downloaded|every model here]
        ?what do I type [when I want to see my models|to get the list of models|for a list of my models]
        ![my models, where do I see them|all models on this computer, please|which models have I got here]
        ?[what|which] models [did I pull|have I got|does paddock have|do I own|can paddock find here]
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
        ![I'd like|I want|I need] [to have {m} here|{m} on this computer|{m} to be downloaded]
        ![{m} is not here yet|{m} is missing], how do I [get it|download it|pull it|install it]
        ?how would I [download|get|fetch|pull|bring in] {m}
        ?which command [downloads|pulls|fetches|installs|gets] {m}
        ?what do I type [to have {m} downloaded|for the download of {m}|when I need {m} from the registry]
        ?[is it possible to download {m}|can {m} be downloaded|how does {m} get onto my computer]
        !{m} should be [downloaded|installed|fetched|pulled] [, how|, what do I run|] [, please|]
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
        ![I'd like|I want|I need] [{m} to be deleted|{m} gone|to be rid of {m}|{m} removed|to lose {m}]
        ![{m} takes too much space|I am done with {m}], how do I [remove it|erase it|get rid of it]
        ?how would I [delete|remove|erase|throw out] {m}
        ?which command [deletes|removes|erases|uninstalls] {m}
        ?what do I type [to have {m} deleted|when {m} is to be removed|for the removal of {m}]
        ?[is it possible to delete {m}|can {m} be deleted|how is {m} deleted|how do models get deleted]
        !{m} [should be deleted|must go|can be deleted now|is to be removed] [, how|, what do I run|]
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
        ![I'd like|I want|I need] [{m} to be called {n}|{m} under the name {n}|{m} copied to {n}]
        ?how would I [copy|rename|duplicate|clone] {m} [to|as] {n}
        ?which command [copies|renames|duplicates|clones] {m} [to|as|into] {n}
        ?what do I type [to have {m} as {n}, too|so that {m} is called {n}|when {m} shall be named {n}]
        ?[is it possible to call {m} {n}|can {m} be copied to {n}|can I call {m} {n} instead|how does {m} become {n}]
        !{m} [should be called|shall be named|should also be known as|must be copied to] {n} [, how|]
        have {m} [twice, the second as|also as|under the new name] {n}
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
        ![I'd like|I want|I need] [the server to run|the server up|paddock to serve my models|the API to be running]
        ?how would I [start|launch|boot|bring up] [the server|paddock's server|the API]
        ?which command [starts|launches|runs|brings up] [the server|the API|paddock]
        ?what do I type [so that the server runs|to get the server going|when the server shall start]
        ![the server is not running|my server is down|the server does not run], how do I start it
        !the server [should be started|must run|shall be up] [, how|, what do I run|]
        bring [the server|the API] [up|to life]
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
        ![I'd like|I want|I need] [the server to end|the server off|the server down|no server running any more]
        ?how would I [stop|end|shut down|halt] [the server|paddock's server|paddock serve]
        ?which [key|keys] [stops the server|stop the server|ends the server|shuts paddock down]
        ?what do I [press|type] [to stop the server|so that the server ends|when the server is to stop]
        ![the server is still running|paddock serve runs on and on], how do I [stop it|end it|close it]
        !the server [should be stopped|must end|shall be shut down] [, how|]
        bring [the server|paddock] down
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
        ![I'd like|I want|I need] [to chat with {m}|a chat with {m}|to write with {m}|{m} to answer me in a chat]
        ?how would I [talk to|chat with|speak with|start|run|have a conversation with] {m}
        ?which command [starts a chat with|runs|starts|opens a chat with|lets me talk to] {m}
        ?what do I type [to be in a chat with {m}|when I want to talk to {m}|for a conversation with {m}]
        ?[is it possible to talk to {m}|can I chat with {m}|how does one chat with {m}|how is {m} started]
        ![{m} is downloaded|I pulled {m}|I have {m}], how do I [chat with it|talk to it|run it|start it]
        write with {m} [in my terminal|for a while|]
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
        ![I'd like|I want|I need] [one reply of {m} only|just one answer of {m}|{m} to answer one question and stop]
        ?how would I [give {m} one prompt only|put a single question to {m}|get just one reply of {m}]
        ?which command [asks {m} one thing|gives one prompt to {m}|sends a single question to {m}]
        ?what do I type [for one reply of {m} only|when {m} shall answer one question only]
        ?[is it possible to ask {m} one question only|can {m} answer one prompt and end]
        put [one question|a single prompt|one prompt] to {m} [without opening a chat|and be done|from the shell|]
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
        ![I'd like|I want|I need] [to see what is loaded|the list of loaded models|to know what uses my memory]
        ?how would I [see|check|find out] [what is loaded|what is in memory|which model runs|what paddock keeps loaded]
        ?which command [shows|lists|prints] [loaded models|running models|what is in memory|the models in RAM]
        ?what do I type [to see what runs|for a list of running models|when I want to see loaded models]
        ?[is it possible to see running models|can I see what is loaded|has paddock loaded anything|does any model run]
        ?[what|which model] [is using my memory|takes my RAM|runs at the moment|is paddock running|sits in memory]
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
        ![I'd like|I want|I need] [{m} out of RAM|{m} to leave memory|the memory of {m} back|{m} to be stopped]
        ?how would I [unload|stop|halt] {m}
        ?which command [unloads|stops|halts|takes out of memory|ends] {m}
        ?what do I type [to have {m} unloaded|when {m} shall leave memory|so that {m} stops]
        ?[is it possible to unload {m}|can {m} be unloaded|how is {m} unloaded|how does {m} leave the memory]
        ![{m} is still loaded|{m} fills my memory|{m} uses all my RAM], how do I [unload it|stop it|end it]
        !{m} [should be unloaded|must leave memory|shall be stopped|is to be unloaded] [, how|]
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
        ![I'd like|I want|I need] [the details of {m}|to know more of {m}|the facts on {m}|the data on {m}]
        ?how would I [see|get|find] [the details of|information on|the parameters of|the template of] {m}
        ?which command [describes|tells me about|shows the details of|prints the parameters of|inspects] {m}
        ?what do I type [for the details of {m}|to see what {m} is like|when I want to know about {m}]
        ?[is it possible to inspect {m}|can I see the template of {m}|where do I see the parameters of {m}]
        ?[how many parameters does {m} have|what size is {m}|what family is {m} of|which template has {m}]
        ?tell me [what {m} is like|where the details of {m} are shown|how {m} is described]
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
        ![I'd like|I want|I need] [{m} to be made from my modelfile|my modelfile to become {m}]
        ?how would I [create|make|build] {m} [with my modelfile|from this modelfile|from a modelfile of mine]
        ?which command [creates|makes|builds] [{m} from a modelfile|a model from a modelfile|my own model]
        ?what do I type [to turn a modelfile into {m}|so that my modelfile becomes {m}|for a model of my own]
        ?[is it possible to make my own model|can I build a model of my own|how are models created]
        ?how does [my modelfile|a modelfile|a GGUF file] become [{m}|a model]
        ![I wrote a modelfile|here is my modelfile|my modelfile is ready], how do I [make|create|get] {m}
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
        ![I'd like|I want|I need] [{m} to be in a registry|{m} uploaded|others to have {m}|my friends to get {m}]
        ?how would I [upload|publish|push|share] {m}
        ?which command [uploads|publishes|pushes|shares] {m}
        ?what do I type [to have {m} uploaded|so that others can pull {m}|when {m} is to be published]
        ?[is it possible to upload {m}|can {m} be uploaded|how do others get {m} from me|how is {m} published]
        !{m} should be [uploaded|published|pushed|shared with others|in the registry] [, how|, what do I run|]
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
        ![I'd like|I want|I need] [{m} to be smaller|{m} in fewer bits|{m} quantized|a quantized {m}|{m} with 4 bits]
        ?how would I [quantize|compress|shrink] {m}
        ?which [option|command|flag] [quantizes|compresses|shrinks] {m}
        ?what do I type [to have {m} quantized|for a quantized {m}|so that {m} gets smaller]
        ?[is it possible to quantize {m}|can {m} be quantized|how is a model quantized|can {m} be compressed]
        ![{m} is too large for me|{m} is too big], how do I [quantize it|make it smaller|compress it]
        store {m} [in 4 bits|with fewer bits|in quantized form]
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
        ![I'd like|I want|I need] [the modelfile of {m}|to see what modelfile {m} has|a look into {m}'s modelfile]
        ?how would I [print|see|get|export] the modelfile of {m}
        ?which command [prints|gives me|writes|exports] the modelfile of {m}
        ?what do I type [for the modelfile of {m}|to get the modelfile of {m}|to have {m}'s modelfile printed]
        ?[is it possible to see the modelfile of {m}|has {m} a modelfile|what does the modelfile of {m} look like]
        ?[what|which modelfile] [was {m} made from|is {m} made from|does {m} have]
        get {m} back as a modelfile
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
        ![I'd like|I want|I need] [to know my version|the version number|to see how new my paddock is|paddock's version]
        ?how would I [see|get|learn] [the version|which version runs here|paddock's version number]
        ?which [command|flag|option] [prints|shows|tells] [the version|paddock's version]
        ?what do I type [for the version|to get the version|when I need the version number]
        ?[how new is my paddock|is my paddock up to date|how old is this paddock|do I have the newest paddock]
        ?[which paddock do I have|which paddock is this|what version do I have here|which release is this]
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
        ![I'd like|I want|I need] [an overview of the commands|help with the commands|a list of what paddock can run]
        ?how would I [see|get|find] [every command|all commands|the help|help on paddock]
        ?which [flag|option] [shows the help|lists the commands|prints all commands]
        ?what do I type [for help|to see every command|when I need help with paddock|to get the help]
        ?[is there a help|is there a list of commands|does paddock have a help text|where is the help]
        ![I am new to paddock and need help|I do not know any command of paddock|I forgot the commands]
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
