"""python -m services.programme api|worker|all|migrate|...: what runs in this service."""

from services.programme.adaptation import api as adaptation
from services.programme.completion import api as completion
from services.programme.deadlines import DEADLINES
from services.programme.definition import api as definitions
from services.programme.functioning import api as functioning
from services.programme.handlers import HANDLERS
from services.programme.journey import api as journeys
from services.programme.pathway import api as pathways
from services.programme.person import api as persons
from services.programme.relapse import api as relapses
from services.programme.remission import api as remission
from services.programme.settings import settings
from services.programme.stage import api as stages
from services.programme.summary import api as summary
from services.programme.withdrawal import api as withdrawal
from shared.process import Service, main

SERVICE = Service(
    name="programme",
    settings=settings,
    routers=(
        pathways.router_queries,
        pathways.router_commands,
        journeys.router_queries,
        journeys.router_commands,
        stages.router_commands,
        completion.router_commands,
        functioning.router_queries,
        functioning.router_commands,
        withdrawal.router_commands,
        adaptation.router_queries,
        adaptation.router_commands,
        relapses.router_queries,
        relapses.router_commands,
        remission.router_queries,
        definitions.router,
        summary.router_queries,
        persons.router_queries,
    ),
    handlers=HANDLERS,
    deadlines=DEADLINES,
    batch=50,
    loops=(),
    operations={},
)

if __name__ == "__main__":
    main(SERVICE)
