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
        """,
        """
        Thanks and goodbye!
        I am leaving now, see you tomorrow.
        """,
        "Goodbye! Have a nice day.",
        "The user says goodbye. I say goodbye, too.",
        ("goodbye|bye", "-type", "-run"),
    ),
    Intent(
        """
        ![nice|good|great|lovely|pleased|a pleasure] to [meet|see] you
        !it is [nice|good|great|lovely|a pleasure] to [meet|see|talk to] you
        ![glad|happy] to [meet|know|see] you
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
