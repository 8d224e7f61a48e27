"""The rules of the tree that no linter expresses: who may use which part of whom, sizes, names, habits, addresses.

Each rule is a function from a file to what is wrong with it, so that it is proved by a text that breaks it.
"""

import ast
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from tests.contract.tree import CODE, ROOT, functions_of, imports_of, module_of, parsed, python_files, tracked

FORBIDDEN = {"utils", "util", "common", "helpers", "helper", "base", "manager", "managers", "misc", "lib", "part2"}
DOMAIN_MAY = {"pydantic", "shared.events", "shared.errors", "shared.business_dates"}
EDGE = {"shared/web.py", "shared/command.py", "shared/health.py", "shared/process.py"}
DOORS = {"aiokafka": {"shared/kafka.py", "shared/topics.py"}, "asyncpg": {"shared/database.py"}}
HABITS = {
    "broad except": r"except\s+(Base)?Exception\b|except\s*:",
    "sleep": r"\b(asyncio|time)\.sleep\(",
    "to-do": r"#\s*(TODO|FIXME|XXX|HACK)",
    "blanket ignore": r"#\s*type:\s*ignore(?!\[)|#\s*noqa(?!:)",
    "skipped test": r"\bpytest\.(skip|xfail|importorskip)\(|@pytest\.mark\.(skip|xfail)",
    "detached task": r"Background[T]asks|asyncio\.create_task\(|ensure_future\(",
    "database clock in SQL": r"(?<![\w.])now\(\)|\bCURRENT_(TIMESTAMP|DATE)\b",
}
PLACES = re.compile(
    r"https?://[^\s/\"']*(pypi|pythonhosted|npmjs|maven|crates|golang|debian)[^\s\"']*"
    r"|(?<![\w.])/(root|work|home)/\w"
)


def foreign_insides(path: Path, tree: ast.Module) -> list[str]:
    """Another noun of the same service is used through its service or domain only; main, handlers and deadlines see all of theirs."""
    parts = path.parts
    if parts[0] != "services" or len(parts) < 4:
        return []
    found = []
    for name in imports_of(tree):
        there = name.split(".")
        if there[:2] == [parts[0], parts[1]] and len(there) > 3 and there[2] != parts[2] and (ROOT / Path(*there[:3])).is_dir():
            found += [] if there[3] in ("service", "domain") else [name]
    return found


def impure(path: Path, tree: ast.Module) -> list[str]:
    """A domain imports the standard library, pydantic, shared.events, shared.errors, shared.business_dates and domains of its service."""
    if path.parts[0] != "services" or path.name != "domain.py":
        return []

    def fits(name: str) -> bool:
        top = name.split(".", maxsplit=1)[0]
        own = name.startswith(f"services.{path.parts[1]}.") and ".domain" in name
        return top in sys.stdlib_module_names or own or any(name == may or name.startswith(f"{may}.") for may in DOMAIN_MAY)

    return [name for name in imports_of(tree) if not fits(name)]


def wrong_doors(path: Path, tree: ast.Module) -> list[str]:
    """One door per library: also for what import-linter does not see, imports of a library's parts."""
    edge = str(path) in EDGE or (path.parts[0] == "services" and path.stem in ("api", "pages"))
    found = []
    for name in imports_of(tree):
        top = name.split(".")[0]
        if (top in DOORS and str(path) not in DOORS[top]) or (top == "fastapi" and not edge):
            found.append(name)
    return found


def too_big(path: Path, tree: ast.Module, lines: int) -> list[str]:
    """Function 40 lines and 6 parameters, file 300 lines (tests 400)."""
    found = [f"{lines} lines"] if lines > (400 if path.parts[0] == "tests" else 300) else []
    for node in functions_of(tree):
        described = isinstance(node.body[0], ast.Expr) and isinstance(node.body[0].value, ast.Constant)
        first = node.body[1] if described and len(node.body) > 1 else node.body[0]
        size = (node.end_lineno or 0) - first.lineno + 1
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
        count = len([name for name in names if name not in ("self", "cls")])
        found += [f"{node.name}: {size} lines"] if size > 40 else []
        found += [f"{node.name}: {count} parameters"] if count > 6 else []
    return found


def unopened(path: Path, tree: ast.Module, lines: int) -> list[str]:
    opening = ast.get_docstring(tree)
    if opening is None:
        return ["no opening line"] if lines > 1 else []
    # What a file has to explain beyond its opening, such as how records are read, follows in paragraphs of its own.
    return ["the opening is longer than three lines"] if len(opening.split("\n\n", maxsplit=1)[0].splitlines()) > 3 else []


def habits(path: Path, text: str) -> list[str]:
    return [name for name, pattern in HABITS.items() if re.search(pattern, text)]


def forbidden_names(path: Path) -> list[str]:
    return [part for part in (*path.parts[:-1], path.stem) if part in FORBIDDEN]


@pytest.mark.parametrize("rule", [foreign_insides, impure, wrong_doors], ids=lambda rule: rule.__name__)
def test_imports_within_the_tree(rule: object) -> None:
    assert callable(rule)
    assert {str(p): found for p in python_files(*CODE) if (found := rule(p, parsed(p)))} == {}


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (foreign_insides, "services/programme/journey/service.py", "from services.programme.pathway import store"),
        (foreign_insides, "services/programme/journey/api.py", "from services.programme.pathway.api import PathwayView"),
        (impure, "services/programme/journey/domain.py", "from shared.database import Tx"),
        (impure, "services/programme/journey/domain.py", "import orjson"),
        (impure, "services/programme/journey/domain.py", "from services.programme.journey import store"),
        (wrong_doors, "services/family/contact/service.py", "from fastapi import HTTPException"),
        (wrong_doors, "deploy/embedded/control.py", "import asyncpg"),
        (wrong_doors, "shared/delivery/relay.py", "from aiokafka.errors import KafkaError"),
    ],
    ids=str,
)
def test_an_offence_is_found(rule: object, path: str, text: str) -> None:
    assert callable(rule)
    assert len(rule(Path(path), ast.parse(text))) == 1


def test_sizes_and_openings() -> None:
    wrong = {}
    for path in python_files():
        lines = (ROOT / path).read_text().count("\n")
        if found := too_big(path, parsed(path), lines) + unopened(path, parsed(path), lines):
            wrong[str(path)] = found
    assert wrong == {}


def test_the_ceilings_are_found() -> None:
    long = "def f():\n" + "    x = 1\n" * 41
    wide = "def g(a, b, c, d, e, f, h): return a"
    assert too_big(Path("shared/x.py"), ast.parse(long), 301) == ["301 lines", "f: 41 lines"]
    assert too_big(Path("tests/x.py"), ast.parse(wide), 400) == ["g: 7 parameters"]
    assert unopened(Path("shared/x.py"), ast.parse("import os\n\nx = os"), 3)


def test_names() -> None:
    assert [str(path) for path in tracked() if forbidden_names(path)] == []
    assert forbidden_names(Path("services/family/utils.py"))
    strays = {p.stem for p in python_files("services") if len(p.parts) == 4} & {"repository", "models", "schemas", "views"}
    assert strays == set()


def test_habits() -> None:
    wrong = {str(p): found for p in python_files() if (found := habits(p, (ROOT / p).read_text()))}
    assert wrong == {}


# With a mark in the middle, so that this file has none of the habits itself.
BAD_HABITS = (
    "except| Exception: pass",
    "await asyncio|.sleep(1)",
    "# TO|DO",
    "x = 1  # type|: ignore",
    "pytest|.skip()",
    "asyncio|.create_task(f())",
    "UPDATE a SET b = no|w()",
)


@pytest.mark.parametrize("text", BAD_HABITS)
def test_a_bad_habit_is_found(text: str) -> None:
    assert habits(Path("shared/x.py"), text) == []
    assert len(habits(Path("shared/x.py"), text.replace("|", ""))) == 1


def test_no_file_names_a_package_host_or_a_path_of_a_machine() -> None:
    wrong = {}
    for path in tracked():
        content = (ROOT / path).read_bytes()
        if b"\0" not in content[:8000] and (found := PLACES.search(content.decode(errors="replace"))):
            wrong[str(path)] = found.group(0)
    assert wrong == {}


def test_addresses_of_package_hosts_are_found() -> None:
    for host in ("py" + "pi.org", "files.python" + "hosted.org", "registry.npm" + "js.org", "repo1.ma" + "ven.org"):
        assert PLACES.search(f"see https://{host}/simple")
    assert PLACES.search("in " + "/ro" + "ot/x")
    assert not PLACES.search("GET /homes/1")


def test_wire_names_of_endpoints_are_unique_in_a_service() -> None:
    """An audit row's action is the endpoint's name: two of one name in a service could not be told apart."""
    for service in ("referral", "programme", "family", "monitoring"):
        paths = [p for p in python_files("services") if p.parts[1] == service and p.name == "api.py"]
        names = Counter(
            node.name
            for path in paths
            for node in functions_of(parsed(path))
            if any("router_" in ast.unparse(mark) for mark in node.decorator_list)
        )
        assert [name for name, count in names.items() if count > 1] == []


def test_module_names_equal_paths() -> None:
    assert module_of(Path("shared/delivery/__init__.py")) == "shared.delivery"
    assert all(part.isidentifier() for path in python_files() for part in module_of(path).split("."))


def test_every_dependency_has_its_line_in_the_decision() -> None:
    """Source: house section 10: what it replaces, who keeps it, how it would be left."""
    decided = (ROOT / "docs/adr/0016-dependencies.md").read_text()
    named = [re.split(r"[=<>~\[ ]", line)[0] for line in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]]
    missing = [name for name in named if name.split("-")[0] not in decided]
    assert missing == []


def test_decisions_are_one_page_and_listed() -> None:
    """Source: house section 2; each has its context, its decision and what follows from it."""
    listed = (ROOT / "docs/adr/README.md").read_text()
    for page in sorted((ROOT / "docs/adr").glob("[0-9]*.md")):
        text = page.read_text()
        assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"], page.name
        assert f"({page.name})" in listed
        assert text.count("\n") <= 60, page.name
