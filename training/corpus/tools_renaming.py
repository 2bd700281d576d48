"""Tools whose telling words are exchanged for others, in the description and in the request alike.

Which tool a request means then shows only in the words that the two share: the model has to compare them, and cannot
recall which words belong to which kind of tool.
"""

import re
from dataclasses import replace
from random import Random

from training.corpus.tools_known import FEW_WORDS
from training.corpus.tools_task import Task, invented_name, styled
from training.corpus.tools_words import other_word

_PLAIN = frozenset((*FEW_WORDS, "please", "can", "you", "me", "my", "i", "do", "does", "and", "at", "that", "from"))


def renamed(rng: Random, task: Task) -> Task:
    """Return the task with words that its description and its request share exchanged for others.

    Only the request, the tool and the call stay true to each other: the result and the answer are those of the old
    words, so that such a task must end with its call. A task that shares no word comes back as it is.
    """
    kept = _words(" ".join(map(str, task.arguments.values())))
    shared = sorted((_words(task.tool.description) & _words(task.request)) - kept - _PLAIN)
    if not shared:
        return task
    chosen = [word for word in shared if rng.random() < 0.7] or [rng.choice(shared)]
    others = {word: other_word(rng) for word in chosen}
    about = exchanged(task.tool.description, others)
    told = [word for word in re.findall(r"\w+", about.lower()) if word not in FEW_WORDS]
    name = invented_name(rng) if rng.random() < 0.4 or not told else styled(rng, told[: rng.choice((1, 2, 2, 3))])
    tool = replace(task.tool, name=name, description=about)
    return replace(task, tool=tool, request=exchanged(task.request, others), group="", near=())


def exchanged(text: str, others: dict[str, str]) -> str:
    """Exchange words of a text, keeping a capital at the beginning of a word."""

    def other(found: re.Match[str]) -> str:
        word = others.get(found[0].lower(), found[0])
        return word.capitalize() if found[0][0].isupper() and word != found[0] else word

    return re.sub(r"[^\W\d_]+", other, text)


def _words(text: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[^\W\d_]+", text)}
