"""How small tasks are asked for: `[a|b]` is a choice (choices may be nested), words in braces are filled in."""

COUNTING = """
How many [words|items|things|names] are in: {}
How many [words|items|things] are in [this list|this line|the list|the row]: {}?
Count [the words|these|the items|these things|all of them|the things here|each word]: {}
Count [the items|the words|the things|everything] in [the list|this row|the following]: {}
Tell me [how many words there are|how many these are|the number of words|how long this list is]: {}
How many things are [here|listed|named]: {}?
[Can you|Could you|Will you|Would you] count [these things|the words|these|what I list]: {}?
[The list is|I have|Here are|On my list:|There is|We need|I see] {}. How many [items has it|is that|are they]?
{}: how many [words|items|things] [are that|is that|are they|did I write]?
[What is the number of|How large is the number of] [words|items|things] in: {}?
How long is [the list|this list]: {}?
I [wrote|packed|bought|counted]: {}. How many [things|items] [is that|do I have|are those]?
[Number of words|Word count|Items|How many]: {}
[Say|Give me|Find out] [how many there are|how many words these are|the number of things]: {}
"""

LARGER = """
Which [is|one is|number is|would be] {more}[,|:] {a} or {b}[?|]
[Is|So is] {a} or {b} {more}?
What is {more}, {a} or {b}?
What would be {more}: {a} or {b}?
[Tell me|Say|Show me|Find out] which [is|one is|number is] {more}[:|,] {a} or {b}[.|]
{more}: {a} or {b}[?|]
{a} or {b}, [which is|what is|which one is|which number is] {more}[?|]
{a} or {b}: {more}?
Which of [|the numbers ]{a} and {b} is {more}?
Compare {a} [and|with] {b}[: which is {more}?|. Which is {more}?|, which one is {more}?]
Which of [these numbers|these|these two] is {more}: {a}[,| or| and] {b}?
[Can|Could|Will] you [tell me|say|see] which [is|one is|number is] {more}, {a} or {b}?
I have [the numbers|two numbers,|] {a} and {b}. [Which is {more}?|Which one is {more}?|What is {more}?]
[Take|Look at|Here are] {a} and {b}[: which is {more}?|. Which of them is {more}?|. Which number is {more}?]
[Find|Give me|Choose|Name|Pick] the {most} [number|one|] of {a} and {b}
[What is|Which is] the {most} [number|one] of {a} and {b}?
[Between|Out of] {a} and {b}, which [is|one is] {more}?
One number is {a}, the other is {b}. Which is {more}?
[Do you know|I want to know|I would like to know|Any idea] which is {more}, {a} or {b}
"""

CHOOSING = """
Which [of these|of them|one] is {kind}: {list}?
Which [word|item|thing|of the following] is {kind}[: {list}?|? {list}]
Find {kind}[: {list}| in {list}| among {list}]
What [in this list|here|of this] is {kind}: {list}?
[Choose|Pick|Take|Get|Select] {kind} from[: {list}| this list: {list}| the following: {list}]
[Tell me|Say|Show me|Write] which [one is|is|word is|item is] {kind}[: {list}.|: {list}]
[Name|Show me|Give me|Point out] {kind} [in|from|out of] [this list|the list|these words]: {list}
One of these is {kind}: {list}. Which[| one| is it]?
[The list is|Here are some words:|I wrote|I see] {list}. Which [of them|one|word] is {kind}?
{list}: which [is|one is|word is|of them is] {kind}?
[Can|Could] you [find|see|name|spot] {kind} [in|among|here]: {list}?
[Is there|I am looking for|I need|I want] {kind} [in this list|in here|among these]: {list}
Only one [word|item] is {kind}: {list}
"""

ADDING = """
[What is|What's|How much is|What makes|Calculate|Work out] {a} [plus|+|and] {b}[?|]
{a} [plus|+] {b}[?| =| = ?|]
[What is|What's|How much is|Calculate|] {a}+{b}[?|=|]
Add {a} [and|to] {b}[.|]
[Please|Can you|Could you|Now|Will you] add {a} [and|to|plus|with] {b}
[What is|What's|Tell me|Give me|Calculate|Say] the sum of {a} and {b}
[The sum of|Sum of|Add up] {a} and {b}[?|]
[Tell me|Say|I want to know|Do you know|Can you say|Could you tell me] how much {a} [plus|+|and] {b} [is|makes]
[Do you know|Tell me|Can you say|I want to know|Could you work out] what {a} [plus|+|and] {b} [makes|gives|add up to]
I have {a} [cups|books|coins|] and [get|buy|find] {b} more. How many [is that|do I have|are there]?
[Take|Start with] {a} and add {b}[. What is it?|. How much is that?|]
[How many|How much] [do {a} and {b} make|are {a} and {b} together|are {a} and {b} in all]?
[If I add|When I add|Suppose I add] {a} and {b}, what [do I get|is it|comes out]?
There are {a} [dogs|hats|apples] and {b} [cats|coats|pears]. How many [is that|are there in all|together]?
[Result|Answer] of {a} [plus|+] {b}
{a} and {b} [is|makes|make] [what|how much]?
{a} [and|plus|+] {b}, [how much is that|what is that|what does it make]?
"""

NEXT = """
[What number|Which number|What] [comes|stands|goes] [after|right after|directly after] {a}?
{a}, and then?
{a}, [what is next|what comes now|which one is next]?
[What is|What's|Tell me|Give me|Do you know] the [next number|number] after {a}
Next number after {a}[?|]
Count [on from|one on from|one further than] {a}
Which number follows [|on |directly after ]{a}?
Say the number that [comes after|follows|stands after] {a}
[What is|How much is|Tell me] one more than {a}
[I am at|I counted to|I count and am at] {a}. What [comes next|is next|do I say now]?
[After|Behind] {a} comes [which number|what]?
Which number [do I say|will I say|is said] after {a}?
"""

GREETINGS = """
[Hello|Hi|Hey|Hi there|Hey there|Hello again] [there|] [tiny|my friend|]
Good [morning|evening|afternoon|day] [tiny|to you|]
"""

HOW_ARE_YOU = """
How are you [doing|feeling|] [today|now|this evening|]?
How do you do [today|]?
Are you [well|fine|all right] [today|]?
How is [it going|your day|everything] [today|]?
I hope you are [well|fine|all right]
"""

GLAD = """
I am [happy|pleased|so glad] [to see you|to talk with you|that I found you|to try this|to be back]
It is [good|lovely|nice] [to be back|to be with you|that you are there]
[What a nice day|The day begins well|Here I come|I came to talk|It is me again|I just woke up|I am new here]
I am [here for the first time|back again|ready to begin|looking forward to this]
"""

THANKS = """
[Thank you|Thanks|Many thanks] [so much|a lot|very much|] for [the|that|your] [quick|kind|] [answer|help|work]
[Thank you|Thanks] for [helping me|being so kind|the time you took|what you did] [today|this week|again|]
[That was kind|You did well|Good work|This was a great help], [thank you|thanks] [tiny|]
"""

FAREWELLS = """
[Bye|Goodbye|Good night|See you|So long] [tiny|my friend|for now|then|], [I will be back|talk to you] [soon|later]
[Bye|Goodbye|Good night] [tiny|everyone|for today|], [sleep well|I go to bed|I have to work now|see you in the morning]
I [have to|must] [leave|go] [now|soon], [bye|goodbye] [tiny|and take care|]
"""


def lines(text: str) -> list[str]:
    """Return the wordings of a block, one a line."""
    return text.strip().split("\n")
