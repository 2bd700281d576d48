"""An import-linter contract: a module may import what its room is listed with, and nothing else.

A room is a module or a package; of several that a module lies in, the innermost counts. Each line of `rooms` names a
room, then, after a colon, what it may import directly: other rooms (not the rooms within them), modules by name, and
third-party packages. A room may import itself, and the standard library is free. `pyproject.toml` holds the list.
"""

import sys
from collections.abc import Mapping
from typing import Any

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

Import = tuple[str, str, int]
"""Who imports, what, and in which line."""


class AllowedImportsContract(Contract):
    """A contract that forbids every import that is not listed."""

    rooms = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Return which imports the list does not have, and which of its entries nothing uses."""
        listed: Any = self.rooms
        allowed = read_rooms(listed)
        illegal: list[Import] = []
        used: set[tuple[str, str]] = set()
        unlisted = []
        for module in sorted(graph.modules):
            if not is_within(module, "paddock"):
                continue
            room = innermost(module, allowed)
            if room is None:
                unlisted.append(module)
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                target = innermost(imported, allowed)
                if target == room or imported.split(".")[0] in sys.stdlib_module_names:
                    continue
                entries = {imported, target or imported.split(".")[0]} & set(allowed[room])
                used |= {(room, entry) for entry in entries}
                if not entries:
                    for details in graph.get_import_details(importer=module, imported=imported):
                        illegal.append((module, imported, details["line_number"]))
        unused = [(room, entry) for room, entries in allowed.items() for entry in entries if (room, entry) not in used]
        metadata = {"illegal": illegal, "unused": unused, "unlisted": unlisted}
        return ContractCheck(kept=not (illegal or unused or unlisted), metadata=metadata)

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print each import that is not allowed, and each entry of the list that is not needed."""
        for module, imported, line in check.metadata["illegal"]:
            output.print_error(f"{module} must not import {imported} (line {line})")
        for module in check.metadata["unlisted"]:
            output.print_error(f"{module} lies in no room of the list")
        for room, entry in check.metadata["unused"]:
            output.print_error(f"{room} does not import {entry}: take it off the list")


def read_rooms(lines: list[str]) -> dict[str, tuple[str, ...]]:
    """Return what each room may import, from lines of `room: module, package, …`."""
    rooms = {}
    for line in lines:
        room, _, entries = line.partition(":")
        rooms[room.strip()] = tuple(entries.replace(",", " ").split())
    return rooms


def innermost(module: str, rooms: Mapping[str, object]) -> str | None:
    """Return the longest name among `rooms` that `module` is or lies in; None if it lies in none."""
    return max((room for room in rooms if is_within(module, room)), key=len, default=None)


def is_within(module: str, package: str) -> bool:
    """Return whether `module` is `package` or lies in it."""
    return module == package or module.startswith(f"{package}.")
