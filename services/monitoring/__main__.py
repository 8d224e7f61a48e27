"""`python -m services.monitoring api|worker|all|migrate|figures|release|rebuild|...`: what the process is made of."""

from functools import partial

from services.monitoring.deadlines import DEADLINES
from services.monitoring.figures import FIGURES
from services.monitoring.handlers import HANDLERS
from services.monitoring.instruction import api as instruction
from services.monitoring.operation import service as operation
from services.monitoring.relation import service as relation
from services.monitoring.release import api as release
from services.monitoring.settings import settings
from shared.process import Service, main

SERVICE = Service(
    name="monitoring",
    settings=settings,
    routers=(release.router_of(FIGURES), instruction.router_queries, instruction.router_commands),
    handlers=HANDLERS,
    deadlines=DEADLINES,
    relates=relation.relates,
    batch=1_000,
    operations={
        "figures": partial(operation.figures, FIGURES),
        "release": partial(operation.release, FIGURES),
        "rebuild": partial(operation.rebuild, FIGURES),
    },
)

if __name__ == "__main__":
    main(SERVICE)
