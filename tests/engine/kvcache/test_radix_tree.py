from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from paddock.engine.kvcache.radix_tree import PrefixTree, common_length

tokens = st.lists(st.integers(0, 2), max_size=8)


def lcp(a: list[int], b: list[int]) -> int:
    return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


class TreeMachine(RuleBasedStateMachine):
    """The tree beside a plain model: for each slot, the list of its cells (numbered) and of their tokens."""

    slots: Bundle[int] = Bundle("slots")

    def __init__(self) -> None:
        super().__init__()
        self.tree = PrefixTree()
        self.held: dict[int, list[tuple[int, int]]] = {}
        self.next_slot = self.next_cell = 0

    def cells(self, run: list[int]) -> list[tuple[int, int]]:
        self.next_cell += len(run)
        return [(self.next_cell - len(run) + i, token) for i, token in enumerate(run)]

    @rule(target=slots, run=tokens)
    def insert_alone(self, run: list[int]) -> int:
        slot, self.next_slot = self.next_slot, self.next_slot + 1
        self.tree.insert(slot, run)
        self.held[slot] = self.cells(run)
        return slot

    @rule(target=slots, source=slots, run=tokens, data=st.data())
    def insert_sharing(self, source: int, run: list[int], data: st.DataObject) -> int:
        slot, self.next_slot = self.next_slot, self.next_slot + 1
        shared = data.draw(st.integers(0, len(self.held[source])))
        whole = [token for _, token in self.held[source][:shared]] + run
        self.tree.insert(slot, whole, source, shared)
        self.held[slot] = self.held[source][:shared] + self.cells(run)
        return slot

    @rule(slot=slots, token=st.integers(0, 2))
    def extend(self, slot: int, token: int) -> None:
        self.tree.extend(slot, [token])
        self.held[slot] = self.held[slot] + self.cells([token])

    @rule(slot=slots, data=st.data())
    def truncate(self, slot: int, data: st.DataObject) -> None:
        length = data.draw(st.integers(0, len(self.held[slot])))
        self.tree.truncate(slot, length)
        self.held[slot] = self.held[slot][:length]

    @rule(slot=consumes(slots))
    def remove(self, slot: int) -> None:
        self.tree.remove(slot)
        del self.held[slot]

    @rule(run=tokens)
    def match(self, run: list[int]) -> None:
        plain = {slot: [token for _, token in held] for slot, held in self.held.items()}
        assert self.tree.common(run) == {s: lcp(t, run) for s, t in plain.items() if lcp(t, run)}

    @rule(slot=slots, data=st.data())
    def ask_for_sharers(self, slot: int, data: st.DataObject) -> None:
        start = data.draw(st.integers(0, len(self.held[slot])))
        cells = set(self.held[slot][start:])
        assert self.tree.sharers(slot, start) == {s for s, h in self.held.items() if s != slot and cells & set(h)}

    @invariant()
    def cells_and_tokens_agree(self) -> None:
        assert self.tree.cells == len({cell for held in self.held.values() for cell in held})
        assert self.tree.cells == sum(len(node.tokens) for node in self.tree.nodes())
        for slot, held in self.held.items():
            assert self.tree.tokens(slot) == [token for _, token in held]
            assert self.tree.length(slot) == len(held)

    @invariant()
    def every_node_is_held_and_its_parent_too(self) -> None:
        for node in self.tree.nodes():
            assert node.slots
            assert node.tokens
            for siblings in node.children.values():
                for child in siblings:
                    assert child.slots <= node.slots
                    assert child.start == node.end


TestTree = TreeMachine.TestCase
TestTree.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)


def test_common_length_finds_the_first_difference_of_long_runs() -> None:
    run = list(range(5000))
    for at in (0, 1, 2499, 4998, 4999):
        other = [-1, -1, *run]
        other[at + 2] = -7
        assert common_length(run, other, 2) == at
    assert common_length(run, [-1, -1, *run, 9], 2) == 5000
    assert common_length(run, [0, 1], 1) == 0
    assert common_length(run, [], 0) == 0
