"""No two modules of `src/paddock` import each other, directly or through others; imports inside functions count."""

import ast
import itertools
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[1] / "src"


def modules(source: Path) -> dict[str, Path]:
    """Return the file of each module under `source` by its full name; a package is its `__init__.py`."""
    names = {}
    for path in source.rglob("*.py"):
        parts = path.relative_to(source).with_suffix("").parts
        names[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return names


def imported_names(path: Path, module: str) -> Iterator[tuple[str, str]]:
    """Yield each import of a file as a module and a name in it, which may be another module or empty."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, node.module] if node.module else parents)
            yield from ((base, alias.name) for alias in node.names)


def import_graph(source: Path) -> dict[str, set[str]]:
    """Return the modules that each module names in its imports. The packages around them do not count."""
    files = modules(source)
    graph: dict[str, set[str]] = {}
    for module, path in files.items():
        targets = (
            f"{base}.{name}" if f"{base}.{name}" in files else base for base, name in imported_names(path, module)
        )
        graph[module] = {target for target in targets if target in files} - {module}
    return graph


def find_cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules of one cycle, each importing the next and the last equal to the first; empty if none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def test_no_modules_import_each_other() -> None:
    graph = import_graph(SOURCE)
    assert len(graph) > 300 and "paddock.settings" in graph["paddock.cli.app"], "the imports were not read"
    assert find_cycle(graph) == []


def test_a_cycle_through_a_function_and_relative_imports_is_found(tmp_path: Path) -> None:
    (tmp_path / "house" / "room").mkdir(parents=True)
    (tmp_path / "house" / "__init__.py").write_text("")
    (tmp_path / "house" / "room" / "__init__.py").write_text("from ..door import Door\n")
    (tmp_path / "house" / "door.py").write_text("import house.key\n\n\ndef open(): ...\n")
    (tmp_path / "house" / "key.py").write_text("import os\n")
    assert find_cycle(import_graph(tmp_path)) == []
    (tmp_path / "house" / "key.py").write_text("def turn():\n    from house import room\n")
    cycle = find_cycle(import_graph(tmp_path))
    assert cycle[0] == cycle[-1] and set(cycle) == {"house.room", "house.door", "house.key"}
    graph = import_graph(tmp_path)
    assert all(following in graph[module] for module, following in itertools.pairwise(cycle))
