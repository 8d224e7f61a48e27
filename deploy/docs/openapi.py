"""docs/openapi/<service>.json and docs/rights.md: what each service answers over HTTP and which role may ask it."""

import inspect
import json
from collections.abc import Iterator

from deploy.docs import catalogue, relations
from deploy.postgres.logins import SERVICES
from shared import health, web
from shared.command import Guarded
from shared.policy import MACRO, MESO, MICRO

ROLES = (*sorted(MESO), *sorted(MICRO), *sorted(MACRO), "operator")
OPENING = """# Who may ask what

Written from the routes' policies by `make docs`; a contract test calls every route as every role. A role is necessary, not
enough: an object of somebody else's answers as if it were absent (404, or 409 `not-yet-known` while the relation may be on its way).
"""


def documents() -> dict[str, str]:
    """The OpenAPI document of each service, by its name."""
    return {name: _document(name) for name in SERVICES}


def _document(name: str) -> str:
    service = catalogue.service_of(name)
    app = web.application(name, name.capitalize(), (*service.routers, health.probes, health.streams), max_requests=1)
    return json.dumps(app.openapi(), indent=1, ensure_ascii=False) + "\n"


def rights() -> str:
    """The matrices role x route and relation x route."""
    return OPENING + "".join(f"\n## {name}\n\n{_table(name)}{relations.table(name)}" for name in SERVICES)


def _table(name: str) -> str:
    head = f"| route | {' | '.join(ROLES)} |\n|---|{'---|' * len(ROLES)}\n"
    return head + "".join(_row(route) for route in _routes(name))


def _routes(name: str) -> Iterator[Guarded]:
    for router in (*catalogue.service_of(name).routers, health.streams):
        yield from (route for route in router.routes if isinstance(route, Guarded))


def _row(route: Guarded) -> str:
    named = inspect.getclosurevars(route.policy).nonlocals["wanted"]
    cells = " | ".join("x" if role in named else " " for role in ROLES)
    return f"| {' '.join(sorted(route.methods or ()))} {route.path} | {cells} |\n"
