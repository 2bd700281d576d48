from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from paddock.engine.kvcache.radix_tree import Node, PrefixTree, common_length
from tests.examples import scaled

tokens = st.lists(st.integers(0, 2), max_size=8)


def lcp(a: list[int], b: list[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def nodes_of(tree: PrefixTree) -> list[Node]:
    """All nodes but the root."""
    nodes = [tree._root]
    for node in nodes:
        nodes += [child for siblings in node.children.values() for child in siblings]
    return nodes[1:]


class TreeMachine(RuleBasedStateMachine):
    """The tree beside a plain model: for each sequence id, its numbered cells with their tokens."""

    seq_ids: Bundle[int] = Bundle("seq_ids")

    def __init__(self) -> None:
        super().__init__()
        self.tree = PrefixTree()
        self.held: dict[int, list[tuple[int, int]]] = {}
        self.next_seq_id = self.next_cell = 0

    def cells(self, run: list[int]) -> list[tuple[int, int]]:
        self.next_cell += len(run)
        return [(self.next_cell - len(run) + i, token) for i, token in enumerate(run)]

    @rule(target=seq_ids, run=tokens)
    def insert_alone(self, run: list[int]) -> int:
        seq_id, self.next_seq_id = self.next_seq_id, self.next_seq_id + 1
        self.tree.insert(seq_id, run)
        self.held[seq_id] = self.cells(run)
        return seq_id

    @rule(target=seq_ids, source=seq_ids, run=tokens, data=st.data())
    def insert_sharing(self, source: int, run: list[int], data: st.DataObject) -> int:
        seq_id, self.next_seq_id = self.next_seq_id, self.next_seq_id + 1
        shared = data.draw(st.integers(0, len(self.held[source])))
        whole = [token for _, token in self.held[source][:shared]] + run
        self.tree.insert(seq_id, whole, source, shared)
        self.held[seq_id] = self.held[source][:shared] + self.cells(run)
        return seq_id

    @rule(seq_id=seq_ids, token=st.integers(0, 2))
    def extend(self, seq_id: int, token: int) -> None:
        self.tree.extend(seq_id, [token])
        self.held[seq_id] = self.held[seq_id] + self.cells([token])

    @rule(seq_id=seq_ids, data=st.data())
    def truncate(self, seq_id: int, data: st.DataObject) -> None:
        length = data.draw(st.integers(0, len(self.held[seq_id])))
        self.tree.truncate(seq_id, length)
        self.held[seq_id] = self.held[seq_id][:length]

    @rule(seq_id=consumes(seq_ids))
    def remove(self, seq_id: int) -> None:
        self.tree.remove(seq_id)
        del self.held[seq_id]

    @rule(run=tokens)
    def match(self, run: list[int]) -> None:
        plain = {seq_id: [token for _, token in held] for seq_id, held in self.held.items()}
        assert self.tree.common_prefixes(run) == {s: lcp(t, run) for s, t in plain.items() if lcp(t, run)}

    @rule(seq_id=seq_ids, data=st.data())
    def ask_for_sharers(self, seq_id: int, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(self.held[seq_id])))
        cells = set(self.held[seq_id][start:])
        assert self.tree.sharers(seq_id, start) == {s for s, h in self.held.items() if s != seq_id and cells & set(h)}

    @rule(data=st.data())
    def count_cells_of_some(self, data: st.DataObject) -> None:
        some = data.draw(st.sets(st.sampled_from(sorted(self.held)))) if self.held else set()
        others = {cell for seq_id, held in self.held.items() if seq_id not in some for cell in held}
        theirs = {cell for seq_id in some for cell in self.held[seq_id]}
        assert self.tree.count_cells(some) == len(theirs - others)

    @invariant()
    def cells_and_tokens_agree(self) -> None:
        assert self.tree.num_cells == len({cell for held in self.held.values() for cell in held})
        assert self.tree.num_cells == sum(len(node.tokens) for node in nodes_of(self.tree))
        for seq_id, held in self.held.items():
            assert self.tree.tokens(seq_id) == [token for _, token in held]
            assert self.tree.length(seq_id) == len(held)

    @invariant()
    def every_node_is_held_and_its_parent_too(self) -> None:
        for node in nodes_of(self.tree):
            assert node.seq_ids
            assert node.tokens
            for siblings in node.children.values():
                for child in siblings:
                    assert child.seq_ids <= node.seq_ids
                    assert child.start == node.end


TestTree = TreeMachine.TestCase
TestTree.settings = settings(max_examples=scaled(150), stateful_step_count=30, deadline=None)


def test_common_length_finds_the_first_difference_of_long_runs() -> None:
    run = list(range(5000))
    for at in (0, 1, 2499, 4998, 4999):
        other = [-1, -1, *run]
        other[at + 2] = -7
        assert common_length(run, other, 2) == at
    assert common_length(run, [-1, -1, *run, 9], 2) == 5000
    assert common_length(run, [0, 1], 1) == 0
    assert common_length(run, [], 0) == 0
