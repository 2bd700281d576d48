"""Small talk."""

from training.corpus.about_intent import Intent

TALK = (
    Intent(
        """
        ![hello|hi|hey|hi there|hello there|hey there]
        ![greetings|hello tiny|hi tiny|hey tiny|hello again|hi again|hello friend]
        ![hello|hi|hey] [my friend|you|everyone|to you|little model]
        !good [morning|afternoon|evening|day] [tiny|to you|]
        ![good morning|hello|hi], [tiny|I have a question|can we talk]
        ![good morning|hello|hi], [I need help|are you there|let us chat|let us begin]
        ![yo|hiya|howdy|helo|hellow|hola|heya]
        !I [want to|just want to|wanted to] say [hello|hi]
        ?are you there
        ?is [anybody|anyone|somebody] there
        ![hello|hi|hey|good morning] [from me|from Rome|once more|my little friend]
        ![hello|hi|hey|good morning] [dear model|dear tiny|out there|and welcome]
        ![hello|hi|good day], [nice day today|here I am|here I am again|I am back|it is me|I am new here|I just came in]
        ![a good morning to you|a very good day to you|good evening to all|hello hello|hi hi]
        ![hey hey|well hello|oh hi|hello world]
        ?[anyone there|anybody home|do you read me|are you awake|are you listening|is tiny there]
        """,
        """
        Hey hello!
        Good morning, my friend!
        Hello, is anyone here?
        """,
        "Hello! How can I help you?",
        "The user greets me. I greet back.",
        ("hello|hi!|hi there|hi,",),
    ),
    Intent(
        """
        ?how are you [today|doing|doing today|now|feeling|this morning|]
        ?how [is it going|is life|is your day|do you feel|have you been|are things|is everything]
        ?[are you|you] [well|fine|okay|all right|good] [today|]
        ?[hello|hi|hey], how are you [today|doing|]
        ?[what's up|what is up|how do you do|whats up|how goes it]
        ?is everything [fine|okay|all right|good] [with you|]
        ?[how do things go|how was your day|how was your night]
        ?[how are you feeling now|how are you these days|how is your morning]
        ?[and how are you|so how are you|tell me how you are|how do you find yourself]
        ?[how is it today|how is all|how is your life]
        ?[are you in a good mood|are you doing well|do you feel well|do you feel good]
        ?[feeling good|all good with you|are things good]
        ![I hope you are well|I hope you are fine today|I wonder how you are]
        """,
        """
        Hi tiny, how do you feel today?
        How is your day going?
        How are things with you?
        """,
        "I am fine, thank you. How can I help you?",
        "The user asks how I am. I say that I am fine.",
        ("fine|well",),
    ),
    Intent(
        """
        ![thanks|thank you|thx|many thanks]
        ![thanks a lot|thank you very much|thank you so much|thanks tiny|thank you tiny]
        ![thanks|thank you] for [your help|the help|helping|helping me|that|the answer|your answer|this|everything]
        ![that helped|that was helpful|very helpful|great help|perfect|that is it], [thanks|thank you]
        ![great|good|cool|nice|okay|wonderful], [thanks|thank you|thank you very much]
        !I [thank you|am thankful|am grateful]
        ![I thank you|I thank you very much|my thanks|thanks again]
        ![thank you again|thanks tiny, you are kind|ok thanks|cheers]
        ![that was what I needed|now I know, thanks|now I understand, thank you]
        ![it worked, thanks|works, thank you|all clear, thanks]
        !thanks for [the fast reply|the tip|the joke|your time|your patience]
        !thanks for [being here|the explanation|all the help|telling me]
        !you [helped me|helped me a lot|were a great help|have helped me], [thanks|thank you|many thanks]
        """,
        """
        Thank you for the good answer.
        Okay great, many thanks!
        """,
        "You are welcome!",
        "The user thanks me. I say you are welcome.",
        ("welcome",),
    ),
    Intent(
        """
        ![bye|goodbye|good bye|bye bye|see you|see you later|see you soon|see you tomorrow|farewell|until later]
        ![bye|goodbye|see you], [tiny|my friend|thanks|thank you|have a nice day|until tomorrow]
        !I [must|have to|need to|will|am going to] [go|leave] [now|] [, bye|, goodbye|]
        ![good night|good night tiny|sleep well|have a good night]
        ![talk to you|speak to you|we will talk|we talk] [later|soon|tomorrow]
        !that is all [for today|for now|], [bye|goodbye]
        ![I am off|I am off now|I am done for today|time to go], [bye|goodbye]
        ![time for bed|time to leave|off to bed|I go home now], [bye|goodbye]
        ![bye for now|bye then|see you around|see you next week|see you on Monday]
        ![until next time|take care|so long|have a nice day]
        ![ciao|cheerio|bye, tiny|goodbye, dear model|good bye and take care|have a nice evening|have a nice weekend]
        !it was [nice|good] to [talk|chat], [bye|goodbye|see you|good night]
        """,
        """
        Thanks and goodbye!
        I am leaving now, see you tomorrow.
        """,
        "Bye! Have a nice day.",
        "The user says goodbye. I say goodbye, too.",
        ("goodbye|bye", "-type", "-run"),
    ),
    Intent(
        """
        ![nice|good|great|lovely|pleased|a pleasure] to [meet|see] you
        !it is [nice|good|great|lovely|a pleasure] to [meet|see|talk to] you
        ![glad|happy] to [meet|know|see] you
        ![how nice|what a pleasure|so good|very nice|really nice] to [meet|get to know] you
        ![glad|pleased|happy] to [make your acquaintance|get to know you|have met you|meet a model like you]
        !it is [so nice|very nice|really good|my pleasure] to [meet|know] you
        !I am [glad|pleased] [to meet you|to get to know you|that we meet]
        """,
        """
        Hi tiny, so nice to meet you!
        I am happy to meet you.
        """,
        "Nice to meet you, too!",
        "The user is pleased to meet me. I say the same.",
        ("meet you",),
    ),
    Intent(
        """
        !you are [great|good|nice|very good|clever|smart|cool|awesome|helpful|the best|so kind|amazing|wonderful]
        ![good|great|nice] [job|work|answer|model]
        ![well done|I like you|I love you|you did well|good bot|that was good|that was great|very good|nice one]
        !you are a [good|nice|great|clever|smart|helpful|cool] [model|assistant|bot|program|friend]
        ![this is|that was|what] a [great|good|nice|very good|perfect] [answer|reply|explanation] [, tiny|]
        !you [are so good|are really nice|are really smart|know a lot]
        !you [do great work|did a great job|answer very well|make me happy]
        ![I like your answers|I like talking to you|you are my favourite|my favourite model|impressive]
        ![excellent|brilliant|bravo|super]
        !I think you are [great|nice|clever|very good|cute|wonderful]
        """,
        """
        You are a very good assistant.
        Well done, great work!
        """,
        "Thank you, that is kind of you!",
        "The user praises me. I say thank you.",
        ("thank", "kind|glad|happy|nice", "-fine"),
    ),
    Intent(
        """
        ![that|this|it|your answer] is [wrong|not right|not true|false|bad|incorrect|a mistake|nonsense]
        ![wrong|wrong answer|bad answer|you are wrong|no, that is wrong|that was wrong|not correct|that makes no sense]
        !you [made a mistake|got it wrong|are bad|are stupid]
        !you [are not clever|are useless|did not understand|do not understand me]
        ![bad|stupid|useless|silly|dumb] [bot|model|program|machine]
        ![I do not believe that|that cannot be right|that can't be true]
        ![there is a mistake in your answer|you are mistaken|not true]
        ![this answer is of no use|this does not help me|that did not help]
        ![that is not what I asked|you do not get it|try again, wrong]
        !your [last answer|reply|last reply|answer] [is wrong|makes no sense|is no good|is not true|is a mistake]
        !you [got that wrong|are mistaken|are really bad|know nothing|answer badly|do not listen]
        """,
        """
        No, your answer was wrong.
        This was a bad answer, tiny.
        """,
        "I am sorry. I am very small and make mistakes.",
        "The user is not content. I say sorry.",
        ("sorry",),
    ),
    Intent(
        """
        ![sorry|I am sorry|my mistake|excuse me|pardon me]
        ![I apologize|oh sorry|sorry about that|sorry for that|my fault|oops]
        !sorry, [I made a mistake|that was wrong|I was wrong|that was my mistake|I did not mean that]
        ![forgive me|please forgive me|I beg your pardon|so sorry|very sorry]
        ![I am so sorry|I am really sorry|sorry tiny|apologies]
        ![that was my error|I typed it wrong|it was my error, sorry]
        ![sorry for the wait|sorry for my bad English|sorry to bother you]
        !I [did not mean to be rude|was rude, sorry|wrote nonsense, sorry]
        !I [want to apologize|must say sorry|am sorry for what I said]
        """,
        """
        Oh, I am sorry about that.
        Sorry, it was my fault.
        """,
        "No problem at all!",
        "The user says sorry. I say that it is no problem.",
        ("no problem",),
    ),
    Intent(
        """
        ?[can|could|would|will] you help me [with something|please|out|with a question|now|]
        ![help|help me|I need help|please help|please help me|I need some help|I need your help|I have a problem]
        ?[may|can|could] I ask [you|] [a question|something|a thing]
        !I [have|want to ask] a question [for you|]
        ?are you able to help me
        ![I could use some help|I am stuck|I am stuck, help me]
        ![I do not know what to do|I have a task for you|there is something I need]
        ?[would you have time for a question|do you have time for me|have you got a minute]
        ?[may I bother you|can I bother you]
        ?[may I ask for help|could I get some help|can you give me a hand]
        ?[would you give me a hand|could you assist me|will you assist me]
        !there is [something|a thing] [I want to know|I would like to ask|I need help with]
        """,
        """
        Could you please help me with a problem?
        I want to ask you something.
        """,
        "Yes, I try to help. Ask me a short question.",
        "The user asks for help. I say yes and ask for the question.",
        ("yes|sure|of course", "ask|question|help"),
    ),
    Intent(
        """
        ?[tell|say|give] me a [joke|funny joke|short joke|good joke]
        ?[can|could] you [tell a joke|tell me a joke|be funny|joke|make a joke|make me laugh]
        ?do you know [a joke|any jokes|a good joke|some jokes|a funny joke]
        ![a joke|make me laugh|say something funny|tell me something funny|I want to hear a joke|another joke]
        ![I'd like|I want|I need] [a joke|to laugh|a good laugh|something to laugh about|to hear something funny]
        ?[got a joke|got any jokes|any jokes|is there a joke you know]
        ?[what is your best joke|what is your favourite joke|a joke, please]
        ![cheer me up with a joke|amuse me|entertain me with a joke|joke please]
        ![joke time|please make me laugh|tell a joke]
        ?[which jokes do you know|how about a joke|would you tell me a joke]
        ?[may I hear a joke|can I hear a joke|can I get a joke]
        """,
        """
        Do you have a funny joke for me?
        I would like to hear a good joke.
        """,
        "Why did the horse leave the paddock? The door was open!",
        "The user wants a joke. I tell the one about the horse.",
        ("horse",),
    ),
)
