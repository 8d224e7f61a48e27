"""The checkout as tests read it: its files, their syntax trees, and who imports whom. No assertion lives here."""

import ast
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("services", "shared", "deploy")
SERVICES = ("referral", "programme", "family", "monitoring")


@lru_cache
def tracked() -> list[Path]:
    """Files that belong to the checkout: tracked, or new and not ignored; relative to its root."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    return [path for line in listed.splitlines() if (ROOT / (path := Path(line))).is_file()]


def python_files(*tops: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in (tops or (*CODE, "tests"))]


@lru_cache
def parsed(path: Path, root: Path = ROOT) -> ast.Module:
    return ast.parse((root / path).read_text(), str(path))


def module_of(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports_of(tree: ast.Module) -> Iterator[str]:
    """Dotted names a module imports, `from a import b` as `a.b`; imports inside functions included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def functions_of(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
