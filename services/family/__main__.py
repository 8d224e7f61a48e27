"""`python -m services.family api|worker|all|migrate|messages|...`: what the process is made of."""

from services.family.concern import api as concern
from services.family.contact import api as contact
from services.family.contact.service import relates
from services.family.correction import api as correction
from services.family.deadlines import DEADLINES
from services.family.guardian import api as guardian
from services.family.handlers import HANDLERS
from services.family.message import api as message
from services.family.message.sender import send_messages
from services.family.operation import service as operation
from services.family.permission import api as permission
from services.family.person import api as person
from services.family.settings import settings
from shared.process import Service, main

SERVICE = Service(
    name="family",
    settings=settings,
    routers=(
        person.router_commands,
        person.router_queries,
        contact.router_commands,
        contact.router_queries,
        guardian.router_commands,
        guardian.router_queries,
        permission.router_commands,
        permission.router_queries,
        message.router_commands,
        message.router_queries,
        concern.router_commands,
        concern.router_queries,
        correction.router_commands,
    ),
    handlers=HANDLERS,
    deadlines=DEADLINES,
    relates=relates,
    loops=(send_messages,),
    operations={"messages": operation.count_messages},
)

if __name__ == "__main__":
    main(SERVICE)
