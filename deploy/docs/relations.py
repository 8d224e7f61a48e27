"""The matrix route x relation: what an organisation may, by its relation to the case. Read from `relations.toml`.

The file is kept by hand. A test tries every cell of it on the running services: `tests/integration/rights`.
"""

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["yes", "refused", "absent"]
SIGNS: dict[Verdict, str] = {"yes": "yes", "refused": "refused", "absent": "404"}
FILE = Path(__file__).with_name("relations.toml")


@lru_cache
def relations() -> Mapping[str, Any]:
    """By service: `words` of each relation, and `routes` with the verdict of each relation in that order."""
    found: Mapping[str, Any] = tomllib.loads(FILE.read_text())
    return found


def verdict_of(service: str, route: str, relation: str) -> Verdict:
    """What the table says; absent where it does not know the relation. Raises KeyError for a route it does not know."""
    names, verdicts = list(relations()[service]["words"]), relations()[service]["routes"][route]
    return verdicts[names.index(relation)] if relation in names else "absent"


def table(service: str) -> str:
    """The service's part of the page, empty where it keeps no case."""
    if service not in relations():
        return ""
    words, routes = relations()[service]["words"], relations()[service]["routes"]
    said = "".join(f"- {name}: {text}\n" for name, text in words.items())
    head = f"| route | {' | '.join(words)} |\n|---|{'---|' * len(words)}\n"
    rows = "".join(f"| {route} | {' | '.join(SIGNS[verdict] for verdict in verdicts)} |\n" for route, verdicts in routes.items())
    return f"\n{said}\n{head}{rows}"
