"""A radix tree over token ids: which slots hold which tokens, and how many cells that takes.

A slot is a sequence id of the KV cache. Each slot's tokens are a path from the root; slots whose paths run through the
same node use the same cells there. Equal tokens in different cells (two sequences that wrote the same by themselves)
are siblings. The tree knows nothing of the library: whoever shares or frees cells tells it.
"""

from collections.abc import Iterator, Sequence


class Node:
    """A run of tokens that the same slots hold."""

    __slots__ = ("children", "parent", "slots", "start", "tokens")

    def __init__(self, tokens: list[int], start: int, parent: "Node | None", slots: set[int]) -> None:
        self.tokens = tokens
        self.start = start
        """How many tokens come before, on the way from the root."""
        self.parent = parent
        self.slots = slots
        """Those that hold this run; a child's are among its parent's."""
        self.children: dict[int, list[Node]] = {}
        """By first token; more than one if equal tokens lie in different cells."""

    @property
    def end(self) -> int:
        """How many tokens the path has up to the end of this run."""
        return self.start + len(self.tokens)


class PrefixTree:
    """Which slot holds which tokens."""

    def __init__(self) -> None:
        self._root = Node([], 0, None, set())
        self._tips: dict[int, Node] = {}
        self.cells = 0
        """Cells that all slots together take: tokens that several share count once."""

    def __contains__(self, slot: int) -> bool:
        return slot in self._tips

    def length(self, slot: int) -> int:
        """How many tokens `slot` holds."""
        return self._tips[slot].end

    def tokens(self, slot: int) -> list[int]:
        """Return the tokens that `slot` holds."""
        runs = [node.tokens for node in self._path(slot)]
        return [token for run in reversed(runs) for token in run]

    def common(self, tokens: Sequence[int]) -> dict[int, int]:
        """Return, for each slot that begins as `tokens` do, how many tokens they have in common."""
        found: dict[int, int] = {}
        todo = list(self._root.children.get(tokens[0], ())) if tokens else []
        while todo:
            node = todo.pop()
            length = common_length(node.tokens, tokens, node.start)
            depth = node.start + length
            for slot in node.slots:
                if found.get(slot, 0) < depth:
                    found[slot] = depth
            if length == len(node.tokens) and depth < len(tokens):
                todo += node.children.get(tokens[depth], ())
        return found

    def insert(self, slot: int, tokens: Sequence[int], source: int = -1, shared: int = 0) -> None:
        """Let `slot`, which holds nothing yet, hold `tokens`; the first `shared` lie in the cells of `source`."""
        assert slot not in self._tips
        node = self._root
        if shared:
            node = self._ending_at(source, shared)
            ancestor: Node | None = node
            while ancestor is not None and ancestor is not self._root:
                ancestor.slots.add(slot)
                ancestor = ancestor.parent
        self._tips[slot] = node
        self.extend(slot, tokens[shared:])

    def extend(self, slot: int, tokens: Sequence[int]) -> None:
        """Let `slot` hold more tokens, in cells of its own."""
        if not tokens:
            return
        tip = self._tips[slot]
        if tip is not self._root and len(tip.slots) == 1:
            tip.tokens += tokens
            self.cells += len(tokens)
            return
        node = Node(list(tokens), tip.end, tip, {slot})
        tip.children.setdefault(tokens[0], []).append(node)
        self._tips[slot] = node
        self.cells += len(tokens)

    def truncate(self, slot: int, length: int) -> None:
        """Let `slot` hold only its first `length` tokens."""
        node = self._tips[slot]
        while node.start >= length and node is not self._root:
            assert node.parent is not None
            self._leave(node, slot)
            node = node.parent
        if node.end > length:
            upper = self._split(node, length)
            self._leave(node, slot)
            node = upper
        self._tips[slot] = node

    def remove(self, slot: int) -> None:
        """Forget `slot`."""
        self.truncate(slot, 0)
        del self._tips[slot]

    def sharers(self, slot: int, start: int) -> set[int]:
        """Return the other slots that use cells of `slot` from position `start` on."""
        others: set[int] = set()
        for node in self._path(slot):
            if node.end <= start:
                break
            others |= node.slots
        return others - {slot}

    def nodes(self) -> Iterator[Node]:
        """Go through all nodes but the root."""
        todo = [child for siblings in self._root.children.values() for child in siblings]
        while todo:
            node = todo.pop()
            yield node
            todo += [child for siblings in node.children.values() for child in siblings]

    def _path(self, slot: int) -> Iterator[Node]:
        node: Node | None = self._tips[slot]
        while node is not None and node is not self._root:
            yield node
            node = node.parent

    def _ending_at(self, slot: int, length: int) -> Node:
        """Return the node in which the first `length` tokens of `slot` end, split if need be."""
        for node in self._path(slot):
            if node.start < length:
                return node if node.end == length else self._split(node, length)
        raise AssertionError("a slot cannot share more than it holds")

    def _split(self, node: Node, length: int) -> Node:
        """Cut `node` in two where the path has `length` tokens, and return the upper part."""
        parent = node.parent
        assert parent is not None and node.start < length < node.end
        at = length - node.start
        upper = Node(node.tokens[:at], node.start, parent, set(node.slots))
        siblings = parent.children[node.tokens[0]]
        siblings[siblings.index(node)] = upper
        node.tokens = node.tokens[at:]
        node.start = length
        node.parent = upper
        upper.children = {node.tokens[0]: [node]}
        return upper

    def _leave(self, node: Node, slot: int) -> None:
        node.slots.discard(slot)
        if node.slots:
            return
        parent = node.parent
        assert parent is not None
        siblings = parent.children[node.tokens[0]]
        siblings.remove(node)
        if not siblings:
            del parent.children[node.tokens[0]]
        self.cells -= len(node.tokens)


def common_length(run: Sequence[int], tokens: Sequence[int], start: int) -> int:
    """How many tokens of `run` equal those of `tokens` from `start` on. Slices are compared: C does the work."""
    low, high = 0, min(len(run), len(tokens) - start)
    if run[:high] == tokens[start : start + high]:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        if run[low:middle] == tokens[start + low : start + middle]:
            low = middle
        else:
            high = middle
    return low
