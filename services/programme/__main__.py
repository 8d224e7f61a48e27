"""`python -m services.programme api|worker|all|migrate|...`: what the process is made of."""

from services.programme.adaptation import api as adaptation
from services.programme.completion import api as completion
from services.programme.correction import api as correction
from services.programme.deadlines import DEADLINES
from services.programme.definition import api as definition
from services.programme.fact import api as fact
from services.programme.functioning import api as functioning
from services.programme.handlers import HANDLERS
from services.programme.journey import api as journey
from services.programme.pathway import api as pathway
from services.programme.person import api as person
from services.programme.relapse import api as relapse
from services.programme.remission import api as remission
from services.programme.right import service as right
from services.programme.settings import settings
from services.programme.sight import api as sight
from services.programme.stage import api as stage
from services.programme.substance import api as substance
from services.programme.summary import api as summary
from services.programme.withdrawal import api as withdrawal
from shared.process import Service, main

SERVICE = Service(
    name="programme",
    settings=settings,
    routers=(
        pathway.router_queries,
        pathway.router_commands,
        sight.router_queries,
        journey.router_commands,
        stage.router_commands,
        completion.router_commands,
        correction.router_commands,
        fact.router_commands,
        functioning.router_queries,
        functioning.router_commands,
        withdrawal.router_commands,
        adaptation.router_queries,
        adaptation.router_commands,
        relapse.router_queries,
        relapse.router_commands,
        remission.router_queries,
        definition.router_calculations,
        substance.router_calculations,
        summary.router_queries,
        person.router_queries,
    ),
    handlers=HANDLERS,
    deadlines=DEADLINES,
    relates=right.relates,
)

if __name__ == "__main__":
    main(SERVICE)
