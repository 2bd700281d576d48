"""What the pages name exists: files, folders, modules, classes, functions, targets of make."""

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/*.md", "training/*.md")
    for path in ROOT.glob(pattern)
)
ABOUT_CODE = [page for page in PAGES if page.startswith("docs/") or page == "CONTRIBUTING.md"]
"""Pages whose code spans are names of the source where they look like one."""

ELSEWHERE = {"config.toml", "Llama", "sys.modules", "training/runs/tiny.gguf", "runs/log.txt"}
"""Names that are not ours, and files that are only there after a training."""

SUFFIXES = "py|md|json|toml|txt|sh|jinja|html|mjs"
FILE = re.compile(rf"(?:[\w.-]+/)*[\w.-]+\.(?:{SUFFIXES})")
FOLDER = re.compile(r"(?:[\w.-]+/)+")
PATH = re.compile(r"(?:[\w.-]+/)+[\w.-]+")
MODULE = re.compile(r"(?:paddock|tools|bench|training|tests)(?:\.\w+)+")
NAME = re.compile(r"_?[A-Za-z]\w*(?:\.\w+)?")


@cache
def tracked() -> frozenset[str]:
    """The files of the project and their folders, relative to its root."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    found = listed.stdout.splitlines() if listed.returncode == 0 else [p.as_posix() for p in files_below(ROOT)]
    files = {Path(name) for name in found if (ROOT / name).is_file()}
    return frozenset(path.as_posix() for file in files for path in (file, *file.parents))


def files_below(root: Path) -> Iterator[Path]:
    """The files of a tree that is no git checkout."""
    return (path.relative_to(root) for path in root.rglob("*") if ".venv" not in path.parts)


def is_there(path: str) -> bool:
    """Whether a file or folder ends with `path`, which may leave out the folders around it."""
    path = path.rstrip("/")
    return path in tracked() or any(one.endswith(f"/{path}") for one in tracked())


def module_is_there(name: str) -> bool:
    """Whether `a.b.c` is a module, or a name in the module `a.b`."""
    path = name.replace(".", "/")
    inside = ("src/" if name.startswith("paddock") else "") + path
    if {f"{inside}.py", f"{inside}/__init__.py"} & tracked():
        return True
    parent, _, last = name.rpartition(".")
    return "." in parent and module_is_there(parent) and last in defined()


@cache
def defined() -> dict[str, set[str]]:
    """What the source names: each class with its attributes; functions, constants, options and so on without any."""
    names: dict[str, set[str]] = {}
    for path in (ROOT / "src/paddock").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            inside = ast.walk(node) if isinstance(node, ast.ClassDef) else ()
            members = {name for child in inside for name in named_by(child)}
            for name in named_by(node):
                names.setdefault(name, set()).update(members)
    for folder in ("tests", "tools"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in re.findall(r"^(?:class |def )?(\w+)", path.read_text("utf-8"), re.M):
                names.setdefault(name, set())
    return names


def named_by(node: ast.AST) -> Iterator[str]:
    """The names that a node of a syntax tree defines or uses, without those that are only read."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.arg(arg=name):
            yield name
        case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name):
            yield name  # an attribute may be a field of one of llama.cpp's structures
        case ast.Constant(value=str(text)) if len(text) < 400:
            yield from re.findall(r"\b[a-z]+_\w+|\b[A-Z]+(?:_[A-Z]+)+\b", text)  # options, environment variables


def name_is_there(name: str) -> bool:
    """Whether a class, function, constant, attribute or option has this name; `A.b`: whether the class A has a b."""
    owner, _, member = name.partition(".")
    if member:
        return member in defined().get(owner, ())
    is_name = "_" in name or any(letter.isupper() for letter in name)
    return not is_name or name in defined()


def code_spans(text: str) -> list[str]:
    """The code spans of a page, without its fenced blocks."""
    return re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def missing(page: str, text: str) -> list[str]:
    """What `text`, which stands at the place of `page`, names and is not there."""
    lost = []
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if "://" not in target and not (ROOT / page).parent.joinpath(target).exists():
            lost.append(target)
    for span in code_spans(text):
        if span in ELSEWHERE:
            continue
        if FILE.fullmatch(span) or FOLDER.fullmatch(span):
            known = is_there(span) or span.startswith("../")
        elif PATH.fullmatch(span) and is_there(span.split("/")[0]):
            known = is_there(span)
        elif MODULE.fullmatch(span):
            known = module_is_there(span)
        else:
            known = page not in ABOUT_CODE or not NAME.fullmatch(span) or name_is_there(span)
        if not known:
            lost.append(span)
    run = [name for name in re.findall(r"python -m ([\w.]+)", text) if name != "pytest"]
    lost += [name for name in run if not module_is_there(name)]
    makefile = (ROOT / "Makefile").read_text("utf-8")
    lost += [f"make {t}" for t in re.findall(r"`make (\w+)", text) if not re.search(rf"^{t}:", makefile, re.M)]
    return lost


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_names_exists(page: str) -> None:
    assert missing(page, (ROOT / page).read_text("utf-8")) == []


def test_the_pages_for_newcomers_are_there() -> None:
    wanted = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"}
    assert wanted | {f"docs/{name}.md" for name in ("architecture", "engine", "glossary")} <= set(PAGES)


@pytest.mark.parametrize(
    "named",
    [
        "`engine/steps.py`",
        "`engine/sheduler/`",
        "`engine/aside`",
        "`nowhere.json`",
        "[a page](nowhere.md)",
        "[a file](../src/paddock/nowhere.py)",
        "`paddock.nowhere`",
        "`python -m tools.nowhere`",
        "`make nothing`",
        "`Steppers`",
        "`Engine.stepp`",
        "`make_nothing_at_all`",
        "`NO_SUCH_CONSTANT`",
    ],
)
def test_what_is_not_there_is_found(named: str) -> None:
    assert len(missing("docs/engine.md", f"Look at {named}.")) == 1


def test_what_is_there_is_not_reported() -> None:
    text = (
        "`engine/scheduler/`, `scheduler.py`, `engine/binding`, `paddock.ipc`, `Engine.step`, `SchedulerConfig`, "
        "`make_kv_cache`, `make test`, `GGML_NO_BACKTRACE`, `/api/chat`, `n_batch`, [here](glossary.md#a)"
    )
    assert missing("docs/engine.md", text) == []
