"""What Paddock is, and how it is set up: questions and answers."""

from training.corpus.about_intent import Intent

CONCEPTS = (
    Intent(
        """
        ?what is [paddock|this paddock|paddock exactly|the paddock program]
        ?what does paddock do
        ?[explain|describe|tell me about|tell me more about|define] paddock
        ?what [is paddock for|is paddock good for|can paddock do|can I do with paddock|is the purpose of paddock]
        ?what [kind|sort] of [program|tool|thing|software] is paddock
        ?why [should I|would I|do people] use paddock
        ?[paddock meaning|paddock, what is it|what do you know about paddock|what does the paddock program do]
        !I [would like to|want to] [know what paddock is|understand paddock|learn what paddock does|hear about paddock]
        ?what [would I use paddock for|is the idea of paddock|is paddock made for|does one do with paddock]
        ?[is paddock a program|is paddock a server|is paddock for language models|who needs paddock|for what is paddock]
        !I [never heard of paddock|am new here and do not know paddock|do not understand what paddock is]
        ?[tell me in short what paddock is|describe what paddock does|what is this program called paddock]
        """,
        """
        Explain to me what Paddock does.
        What sort of software is this Paddock?
        """,
        "Paddock runs language models on your own machine.",
        "The user asks what Paddock is. It runs language models.",
        ("paddock runs|paddock is|run|runs", "language models"),
    ),
    Intent(
        """
        ?[which|what] port does [paddock|the server|the paddock server|it] [use|listen on|run on|need|open|have]
        ?what is [the port|paddock's port|the default port] [of paddock|of the server|]
        ?what is [the port number|the server's port|the address] [of paddock|of the server|]
        ?on [which|what] port [does the server listen|does paddock run|is paddock|is the server|does paddock listen]
        ?[what is the address of the server|what is the address of paddock]
        ?[where does the server listen|where does paddock listen]
        ?[paddock port|port number of paddock|server port|default port|port of the API|the port please]
        ?where can I reach [the server|paddock|the API|the paddock server]
        ?what URL [does paddock use|does the server have|do I call|is the API at]
        !I [need|want|would like|forgot] [the port|the port of the server|the port number|paddock's port]
        ?what [port do I use|port do I connect to|number has the port|is the number of the port|port is it]
        ?[through which port does it talk|under which port do I find it|at what port is paddock]
        ?how would I [reach the server|connect to paddock|find the port|connect to the API]
        ?[which port is used|is there a default port|which port should my client use|is the port 8080]
        """,
        """
        Which port is the Paddock server on?
        Tell me the number of the default port.
        """,
        "Paddock listens on port 11434.",
        "The user asks for the port. It is 11434.",
        ("11434",),
    ),
    Intent(
        """
        ?[which|what] API does [paddock|the server|it] [speak|use|have|offer|support|follow]
        ?[is paddock|is the API|is the server] compatible with [ollama|ollama's clients|the ollama API]
        ?does paddock [speak|support|have|use|follow|offer] [ollama's API|the ollama API|an API|the same API as ollama]
        ?[can I use|do I use|may I use] ollama's [clients|API|libraries] [with paddock|]
        ?[which|what] [protocol|interface] does [paddock|the server] [use|speak|have]
        ?how does paddock [compare to|relate to|work with] ollama
        ?[is paddock like ollama|is paddock the same as ollama|API of paddock|which API|paddock API]
        !I [want to|would like to] know [which API it is|what API this is|whether paddock is like ollama]
        ?[do ollama clients work here|do programs for ollama work with paddock|will my ollama client work]
        ?[is paddock a kind of ollama|can paddock replace ollama|is paddock the same API as ollama]
        ?[what kind of API is there|is there an API|does the server have an API|what API do I get|whose API does it use]
        ?how would I [describe the API|use my ollama client|move here from ollama]
        """,
        """
        What API does the Paddock server support?
        Is it compatible with the Ollama API?
        """,
        "Paddock speaks Ollama's API.",
        "The user asks for the API. Paddock speaks Ollama's.",
        ("ollama", "api"),
    ),
    Intent(
        """
        ?what is [a|the] modelfile
        ?what [does a modelfile do|is a modelfile for|are modelfiles]
        ?what [are modelfiles for|does modelfile mean|goes into a modelfile]
        ?[explain|describe|define] [a modelfile|modelfiles|what a modelfile is|the modelfile]
        ?what [do I write|do I put|stands|is written] in a modelfile
        ?[modelfile meaning|modelfile, what is that|why do I need a modelfile|what can I use a modelfile for]
        !I [do not know what a modelfile is|want to understand modelfiles|would like to know what a modelfile is]
        ?what [would I write a modelfile for|is the purpose of a modelfile|is the use of modelfiles]
        ?[tell me what a modelfile is|describe in short what a modelfile is|what is this thing called modelfile]
        ?[is a modelfile a text file|what is inside a modelfile|when do I need a modelfile|do I need a modelfile]
        """,
        """
        Explain to me what modelfiles are for.
        What does it mean, a Modelfile?
        """,
        "A Modelfile is a text file that says how to make a model.",
        "The user asks what a Modelfile is. It says how to make a model.",
        ("file", "make|create|made|build"),
    ),
    Intent(
        """
        ?what is [a|the] GGUF [file|format|]
        ?what [does GGUF mean|are GGUF files|is GGUF for|is in a GGUF file|does a GGUF file have]
        ?[explain|describe|define] [GGUF|a GGUF file|GGUF files|the GGUF format]
        ?[which|what] [file format|format|kind of file|files] does paddock [use|read|load] [for models|]
        ?[which|what] [file format|format|kind of file|files] does paddock [need|support|accept] [for models|]
        ?[can paddock read GGUF|does paddock support GGUF|does paddock use GGUF files|GGUF meaning]
        !I [do not know what GGUF is|want to understand GGUF|would like to know what GGUF means|never heard of GGUF]
        ?what [is a file that ends with .gguf|is in a .gguf file|would I use GGUF for|is the purpose of GGUF]
        ?[tell me what GGUF is|describe in short what GGUF is|is GGUF a file format|is GGUF a format for models]
        ?[in which format are models stored|in what format are models|which format have the models]
        ?[which model files work here|what model files can I use|which files can paddock run|does it need GGUF files]
        """,
        """
        What kind of file is GGUF?
        Which format of models does Paddock accept?
        """,
        "GGUF is the file format of the models that Paddock runs.",
        "The user asks about GGUF. It is a file format of models.",
        ("gguf", "format", "models"),
    ),
    Intent(
        """
        ?where [are|does paddock store] [my models|the models|models|the model files]
        ?where [does paddock keep|does paddock save|does paddock put] [my models|the models|models|the model files]
        ?where [are my models stored|are my models kept|are models saved]
        ?where [are the models on disk|do the models go|do models live]
        ?in [which|what] [folder|directory] are [the|my] models
        ?[what|which] is the [models folder|models directory|folder of models|folder for models]
        ?where [can I find|do I find|is] the [models folder|model files|models on disk|folder with my models]
        ?[models folder|models directory|location of models|path of the models]
        !I [am looking for|want to find|would like to find|need] [the folder with the models|the model files]
        ?[which folder holds the models|which directory has the models|what path do models have]
        ?where [would I look for the models|are downloads stored|does a pulled model go|do downloaded models end up]
        ?[to what folder are models saved|where on my disk are they, the models|tell me where the models are]
        ?[does paddock use the folder of ollama|does it use ~/.ollama|are models in my home folder]
        """,
        """
        In what folder does Paddock keep my models?
        Where can I find my models on disk?
        """,
        "Your models are in `~/.ollama/models` if it exists, else in `~/.paddock/models`.",
        "The user asks where models are stored. I name the folders.",
        (".paddock/models|.ollama/models",),
    ),
    Intent(
        """
        ?[which|what] clients [work|can I use|can I use with paddock|are there|work with paddock|does paddock support]
        ?how do I [call|use|reach|ask] paddock from [python|a program|my program|code|my code|a script]
        ?is there a python [library|client|package] [for paddock|]
        ?can I use [paddock|it|the server] [from python|in python|from a program|in my program|from code]
        ?[which|what] [library|package|client] do I [need|use|install] [for paddock|for python|to call paddock]
        ![I want to call paddock from python|I want to use paddock in my program]
        ![python client|python library for paddock]
        !I [would like|need|am looking for] [a client for python|a python package for paddock]
        ?how would I [use paddock in python|write a program with paddock|connect python with paddock]
        ?[which client should I take|what client is good for paddock|is there a client library]
        ?[can a program talk to paddock|can my code call paddock|does paddock work with python code]
        !my [program|script|python code] should [call|use|talk to] paddock [, how|]
        """,
        """
        Which Python library can I use for Paddock?
        How can I call Paddock from a small script?
        """,
        "Use any Ollama client, for example `pip install ollama`.",
        "The user asks for a client. Any Ollama client works.",
        ("ollama", "client|pip|library"),
    ),
    Intent(
        """
        change the [port|address|host] [of the server|of paddock|]
        [use|set|choose|pick|take|listen on] [another|a different|a new] [port|address|host] [for the server|]
        run [the server|paddock] on [another|a different] port
        ?can [the server|paddock] [listen on|use|run on] [another|a different] [port|address]
        ?which [setting|variable] [changes|sets] the [port|address|host]
        ![I'd like|I want|I need] [the server on another port|a port of my own|paddock to listen elsewhere]
        ?how would I [change|set|choose] [the port|the address|the host] [of the server|of paddock|]
        ?what do I [set|change|write] [for another address|so that the port changes|to have paddock on port 9000]
        ?[is it possible to change the port|can the port be changed|can I choose the port|how is the port changed]
        ![the port is taken|the port is in use], how do I [change it|take another|choose another]
        move [the server|paddock] to [another|a new|a free] port
        """,
        """
        How can the server use a different port?
        What setting do I need for another port?
        """,
        "Set `PADDOCK_HOST`, for example to `127.0.0.1:8000`, before you run `paddock serve`.",
        "The user wants another port. The setting is PADDOCK_HOST.",
        ("paddock_host|ollama_host",),
    ),
    Intent(
        """
        [change|set|raise|increase|make larger|choose] the context [length|size|window] [of a model|of models|]
        [use|have|get] [a longer|a larger|more|a bigger] context
        ?[how long is the context|what is the context length]
        ?[how many tokens fit in the context|what is the default context]
        ?[how large is the context|how many tokens can a request use|which setting sets the context length]
        ![I'd like|I want|I need] [more context|a context of 8192 tokens|a longer context|the context to be larger]
        ?how would I [change|raise|set] the context [length|size|]
        ?[which variable changes the context|what sets the context size|where is the context length set]
        ?[how much text fits|how many tokens fit|how much context is there|what is the limit of the context]
        ![the context is too short|the context is too small|my text does not fit in the context]
        """,
        """
        What is the default context size?
        How can I make the context longer?
        """,
        "The context is 4096 tokens; set `PADDOCK_CONTEXT_LENGTH` to change it.",
        "The user asks about the context. The default is 4096 tokens.",
        ("4096|context_length",),
    ),
    Intent(
        """
        keep [{m}|a model] [loaded|in memory] [longer|for ever|for an hour|all day|for long]
        [change|set] [the keep alive time|the keepalive|how long a model stays loaded|how long models stay in memory]
        ?how long does [{m}|a model|an unused model] stay [loaded|in memory]
        ?when [is|does paddock] [a model unloaded|unload a model|an unused model unloaded]
        ?[what is the keep alive|what is keepalive|what does keep alive do|keep alive]
        ![I'd like|I want|I need] [models to stay longer in memory|{m} to remain loaded|models to stay loaded]
        ?how would I [keep {m} loaded|change the keep alive|let models stay in memory for an hour]
        ?[which variable says how long models stay|what sets the keep alive|which setting keeps models loaded]
        ?[for how long is a model kept in memory|after what time is a model unloaded]
        ![{m} is unloaded too early|{m} leaves memory after some minutes|models are unloaded too soon]
        """,
        """
        How long will an unused model stay in memory?
        How do I make a model stay loaded longer?
        """,
        "A model stays loaded for 5 minutes; set `PADDOCK_KEEP_ALIVE` to change it.",
        "The user asks how long models stay loaded. It is 5 minutes.",
        ("paddock_keep_alive|keepalive|5 minutes|5m",),
    ),
    Intent(
        """
        ?[what|which language] is paddock written in
        ?in [which|what] [programming language|language] is paddock [written|made|built]
        ?is paddock written in [python|C|Rust|Go|Java|C++]
        ?[how is paddock made|how is paddock built|what is paddock built on|what is paddock made of]
        ?does paddock use [llama.cpp|python|C++]
        !I [want to|would like to] know [what paddock is written in|how paddock is made|paddock's programming language]
        ?[what language is paddock in|in what language did they write paddock|paddock is in which language]
        ?[which code language has paddock|is paddock a python program|is paddock made with python]
        ?[does paddock stand on llama.cpp|what kernels does paddock use|is llama.cpp in paddock]
        ?[what did the authors write paddock in|what was paddock programmed in]
        """,
        """
        Which programming language was used for Paddock?
        Is Paddock built on llama.cpp?
        """,
        "Paddock is written in Python on llama.cpp's kernels.",
        "The user asks what Paddock is written in. It is Python.",
        ("paddock|it", "python", "written|built|made|llama.cpp", "-code", "-linux"),
    ),
    Intent(
        """
        ?[what|which] [licence|license] does [paddock|the program] have
        ?is paddock [free|open source|free to use|open|free software]
        ?[may|can] I use paddock [for free|at work|in my company|in my product]
        ?[what is the licence of paddock|what is paddock's license|under which licence is paddock|paddock license]
        ?does paddock cost [money|anything|something]
        !I [want to|would like to] [know the licence|know whether paddock is free|use paddock at work, may I]
        ?[what does paddock cost|do I have to pay for paddock|how much is paddock|is there a price|must I pay to use it]
        ?[is the source of paddock open|can I read the source of paddock|may I change paddock|can I copy paddock]
        ?[what are the terms of use|what licence is it|is it MIT|which licence is used|tell me the licence of paddock]
        """,
        """
        Under what license is Paddock?
        Can I use Paddock for free?
        """,
        "Paddock is free and open source under the MIT licence.",
        "The user asks for the licence. It is MIT.",
        ("mit|open source|free",),
    ),
    Intent(
        """
        ?do I need a [GPU|graphics card|big computer|fast computer] [for paddock|to run paddock]
        ?do I need a [GPU|graphics card|big computer|fast computer] [to run models|to use paddock|]
        ?does paddock [need|require|use] a [GPU|graphics card]
        ?[can|does] paddock [run|work] [without a GPU|on a CPU|on the CPU|on my laptop|on a laptop|with no GPU]
        ?is a GPU [needed|necessary|required]
        !I [have no GPU|have only a CPU|have no graphics card], [does it work|can I use paddock|is that enough]
        ?[will paddock run on my CPU|is a CPU enough|will it work with only a CPU|is my CPU enough for models]
        ?[how would paddock run with no GPU|must I buy a GPU|must there be a GPU|should I have a graphics card]
        ?[is it possible to use paddock on a CPU|can models be run on a CPU|are models able to run with only a CPU]
        ![my computer has no graphics card|there is no GPU in my machine|I would like to run models on my CPU]
        """,
        """
        Is a graphics card needed for Paddock?
        Can I run models without a GPU?
        """,
        "You need no GPU: Paddock runs models on the CPU, too.",
        "The user asks about a GPU. None is needed.",
        ("gpu|graphics", "no|cpu|not"),
    ),
    Intent(
        """
        ?[which|what] [endpoint|path|route|URL] [is for chat|do I call to chat|do I use for chat|chats]
        ?what is the chat [endpoint|API|route|path|URL]
        ?where do I [post|send] [chat messages|a chat|messages|a conversation]
        chat over [the API|HTTP]
        send [messages|a chat|a conversation] to the [API|server]
        ![I'd like|I want|I need] [to chat through the API|the chat route|to send a chat over HTTP|the path for chats]
        ?how would I [chat over the API|send messages over HTTP|post a list of messages]
        ?[where do messages go in the API|to which path do I post messages|what is the route for messages]
        ?[is it possible to chat over the API|can the API chat|does the API have a route for chats]
        ![my program should send messages|my messages go to which endpoint|the endpoint for messages]
        """,
        """
        Which path of the API is for chat?
        What endpoint do I call with messages?
        """,
        "Post the messages to `/api/chat`.",
        "The user asks for the chat endpoint. It is /api/chat.",
        ("/api/chat",),
    ),
    Intent(
        """
        ?[which|what] [endpoint|path] [generates text|is for a prompt|do I use to complete text|completes a prompt]
        ?[which|what] [route|URL] [generates text|is for a prompt|do I use to complete text|completes a prompt]
        ?what is the generate [endpoint|API|route|path|URL]
        ?where do I [post|send] [a prompt|my prompt|prompts]
        [generate|complete] text over [the API|HTTP]
        send a prompt to the [API|server]
        ![I'd like|I want|I need] [to generate text through the API|the route for prompts|to send a prompt over HTTP]
        ?how would I [complete a prompt over the API|send a prompt over HTTP|post a prompt]
        ?[where does a prompt go in the API|to which path do I post a prompt|what is the route for prompts]
        ?[is it possible to generate over the API|can the API complete text|is there an endpoint for prompts]
        ![my program should send a prompt|my prompt goes to which endpoint|the endpoint for prompts]
        """,
        """
        Which path of the API generates text?
        What endpoint do I call with a prompt?
        """,
        "Post the prompt to `/api/generate`.",
        "The user asks for the endpoint of prompts. It is /api/generate.",
        ("/api/generate",),
    ),
    Intent(
        """
        ?what does [FROM|the FROM line|FROM in a modelfile] [do|mean|say|stand for]
        ?what is FROM [in a modelfile|for|]
        ?what do I write after FROM [in a modelfile|]
        ?[explain|describe] FROM [in a modelfile|]
        !I [do not understand FROM|want to know what FROM is|need help with FROM in my modelfile]
        ?what [is the FROM line for|comes after FROM|would I put after FROM|goes behind FROM|is FROM good for]
        ?[tell me what FROM means|why is there a FROM|do I need FROM in a modelfile|must a modelfile have a FROM line]
        ?[can FROM name a file|does FROM name a model|what may stand after FROM|how do I use FROM|how is FROM used]
        """,
        """
        Explain the FROM line in a Modelfile.
        What does FROM say in the Modelfile?
        """,
        "`FROM` names the GGUF file or the model to start from.",
        "The user asks about FROM. It names what to start from.",
        ("from", "gguf|model", "file|model|start"),
    ),
    Intent(
        """
        ?[which|what] [operating systems|systems|platforms] does paddock [run on|support|work on|need]
        ?does paddock [run|work] on [linux|windows|a mac|macOS]
        ?what do I need to [install|run] paddock
        ?[which|what] [version of python|python version|python] does paddock need
        ?what are the requirements of paddock
        !I [want to|would like to] [know what paddock needs|install paddock, what does it need]
        ?[what must I have for paddock|what do I need before I install it|what should be installed for paddock]
        ?[will paddock run on windows|is there paddock for windows|can I use it on a mac|is linux enough]
        ?[which python should I have|is python 3.9 enough|do I need a compiler|do I need python for it]
        """,
        """
        Which systems does Paddock support?
        What is required to install Paddock?
        """,
        "Paddock needs Linux, Python 3.11 or later and a C++ compiler.",
        "The user asks what Paddock needs. I name the requirements.",
        ("linux|python 3.11",),
    ),
)
