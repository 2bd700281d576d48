"""A radix tree over token ids: which sequence ids hold which tokens, and how many cells that takes.

The tokens of a sequence id are a path from the root. Ids whose paths run through the same node use the same cells
there. Equal tokens in different cells (two sequences that computed the same text independently) are siblings. The tree
only keeps books: whoever shares or frees cells in the KV cache tells the tree.
"""

from collections.abc import Iterator, Sequence, Set


class Node:
    """A run of tokens that the same sequence ids hold."""

    __slots__ = ("children", "parent", "seq_ids", "start", "tokens")

    def __init__(self, tokens: list[int], start: int, parent: "Node | None", seq_ids: set[int]) -> None:
        self.tokens = tokens
        self.start = start
        """Number of tokens on the path before this run."""
        self.parent = parent
        self.seq_ids = seq_ids
        """The ids that hold this run. A child's ids are a subset of its parent's."""
        self.children: dict[int, list[Node]] = {}
        """Children by their first token; several if equal tokens lie in different cells."""

    @property
    def end(self) -> int:
        """Number of tokens on the path up to the end of this run."""
        return self.start + len(self.tokens)


class PrefixTree:
    """The tokens that each sequence id holds."""

    def __init__(self) -> None:
        self._root = Node([], 0, None, set())
        self._tips: dict[int, Node] = {}
        self.num_cells = 0
        """Number of cells that all ids together take. A token that several ids share counts once."""

    def __contains__(self, seq_id: int) -> bool:
        return seq_id in self._tips

    def length(self, seq_id: int) -> int:
        """Return the number of tokens that `seq_id` holds."""
        return self._tips[seq_id].end

    def tokens(self, seq_id: int) -> list[int]:
        """Return the tokens that `seq_id` holds."""
        runs = [node.tokens for node in self._path(seq_id)]
        return [token for run in reversed(runs) for token in run]

    def common_prefixes(self, tokens: Sequence[int]) -> dict[int, int]:
        """Return the length of the prefix that each sequence id has in common with `tokens`, where that is not 0."""
        found: dict[int, int] = {}
        todo = list(self._root.children.get(tokens[0], ())) if tokens else []
        while todo:
            node = todo.pop()
            length = common_length(node.tokens, tokens, node.start)
            depth = node.start + length
            for seq_id in node.seq_ids:
                if found.get(seq_id, 0) < depth:
                    found[seq_id] = depth
            if length == len(node.tokens) and depth < len(tokens):
                todo += node.children.get(tokens[depth], ())
        return found

    def insert(self, seq_id: int, tokens: Sequence[int], source: int = -1, shared: int = 0) -> None:
        """Add `seq_id`, which holds `tokens`; its first `shared` tokens lie in the cells of `source`."""
        assert seq_id not in self._tips
        node = self._root
        if shared:
            node = self._node_ending_at(source, shared)
            ancestor: Node | None = node
            while ancestor is not None and ancestor is not self._root:
                ancestor.seq_ids.add(seq_id)
                ancestor = ancestor.parent
        self._tips[seq_id] = node
        self.extend(seq_id, tokens[shared:])

    def extend(self, seq_id: int, tokens: Sequence[int]) -> None:
        """Append `tokens`, which lie in cells of their own, to `seq_id`."""
        if not tokens:
            return
        tip = self._tips[seq_id]
        if len(tip.seq_ids) == 1:  # not the root, which lists no ids
            tip.tokens += tokens
            self.num_cells += len(tokens)
            return
        node = Node(list(tokens), tip.end, tip, {seq_id})
        tip.children.setdefault(tokens[0], []).append(node)
        self._tips[seq_id] = node
        self.num_cells += len(tokens)

    def truncate(self, seq_id: int, length: int) -> None:
        """Keep only the first `length` tokens of `seq_id`."""
        node = self._tips[seq_id]
        while node.start >= length and node is not self._root:
            assert node.parent is not None
            self._leave(node, seq_id)
            node = node.parent
        if node.end > length:
            upper = self._split(node, length)
            self._leave(node, seq_id)
            node = upper
        self._tips[seq_id] = node

    def remove(self, seq_id: int) -> None:
        """Remove `seq_id` from the tree."""
        self.truncate(seq_id, 0)
        del self._tips[seq_id]

    def sharers(self, seq_id: int, start: int) -> set[int]:
        """Return the other ids that use cells of `seq_id` at index `start` or later."""
        others: set[int] = set()
        for node in self._path(seq_id):
            if node.end <= start:
                break
            others |= node.seq_ids
        return others - {seq_id}

    def count_cells(self, seq_ids: Set[int]) -> int:
        """Return the number of cells that no other ids than `seq_ids` hold."""
        count, todo = 0, [self._root]
        while todo:
            node = todo.pop()
            if node.seq_ids <= seq_ids:
                count += len(node.tokens)
            for siblings in node.children.values():
                todo += siblings
        return count

    def _path(self, seq_id: int) -> Iterator[Node]:
        node: Node | None = self._tips[seq_id]
        while node is not None and node is not self._root:
            yield node
            node = node.parent

    def _node_ending_at(self, seq_id: int, length: int) -> Node:
        """Return the node that ends after the first `length` tokens of `seq_id`; split one if there is none."""
        for node in self._path(seq_id):
            if node.start < length:
                return node if node.end == length else self._split(node, length)
        raise AssertionError(f"sequence id {seq_id} holds fewer than {length} tokens")

    def _split(self, node: Node, length: int) -> Node:
        """Split `node` where its path has `length` tokens, and return the upper part."""
        parent = node.parent
        assert parent is not None and node.start < length < node.end
        at = length - node.start
        upper = Node(node.tokens[:at], node.start, parent, set(node.seq_ids))
        siblings = parent.children[node.tokens[0]]
        siblings[siblings.index(node)] = upper
        node.tokens = node.tokens[at:]
        node.start = length
        node.parent = upper
        upper.children = {node.tokens[0]: [node]}
        return upper

    def _leave(self, node: Node, seq_id: int) -> None:
        """Remove `seq_id` from `node`, and the node from the tree if no id is left."""
        node.seq_ids.discard(seq_id)
        if node.seq_ids:
            return
        parent = node.parent
        assert parent is not None
        siblings = parent.children[node.tokens[0]]
        siblings.remove(node)
        if not siblings:
            del parent.children[node.tokens[0]]
        self.num_cells -= len(node.tokens)


def common_length(run: Sequence[int], tokens: Sequence[int], start: int) -> int:
    """Return how many tokens of `run` equal those of `tokens` from index `start` on.

    A binary search compares slices, so that C code does the work.
    """
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
