"""Random messages, made from their types: a new field or message is tested without being listed here."""

from typing import Any

import msgspec
from hypothesis import strategies as st

from paddock import ipc

INTEGERS = st.integers(-(2**31), 2**31)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=8)


def of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Return a strategy for values of a type that messages are made of."""
    return _of(msgspec.inspect.type_info(kind), {})


def _of(info: msgspec.inspect.Type, known: dict[type, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    types = msgspec.inspect
    if isinstance(info, types.StructType):
        if info.cls not in known:
            known[info.cls] = st.deferred(lambda: _struct(info, known))
        return known[info.cls]
    if isinstance(info, types.UnionType):
        return st.one_of([_of(member, known) for member in info.types])
    if isinstance(info, types.VarTupleType):
        return st.lists(_of(info.item_type, known), max_size=2).map(tuple)
    if isinstance(info, types.NamedTupleType):
        return st.builds(info.cls, *(_of(field.type, known) for field in info.fields))
    if isinstance(info, types.LiteralType):
        return st.sampled_from(info.values)
    simple: dict[type, st.SearchStrategy[Any]] = {
        types.NoneType: st.none(),
        types.BoolType: st.booleans(),
        types.IntType: INTEGERS,
        types.FloatType: st.floats(allow_nan=False),
        types.StrType: TEXTS,
        types.BytesType: st.binary(max_size=8),
        types.MemoryViewType: st.binary(max_size=8).map(memoryview),
    }
    return simple[type(info)]


def _struct(info: msgspec.inspect.StructType, known: dict[type, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    return st.builds(info.cls, **{field.name: _of(field.type, known) for field in info.fields})


COMMANDS = of_type(ipc.Command)
EVENTS = of_type(ipc.Event)
