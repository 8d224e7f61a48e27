"""`python -m services.referral api|worker|all|migrate|...`: what the process is made of."""

from services.referral.concern import api as concern
from services.referral.consent import api as consent
from services.referral.consent_request import api as consent_request
from services.referral.deadlines import DEADLINES
from services.referral.death import api as death
from services.referral.disclosure import api as disclosure
from services.referral.duty import api as duty
from services.referral.emergency import api as emergency
from services.referral.enquiry import api as enquiry
from services.referral.handlers import HANDLERS
from services.referral.instruction import api as instruction
from services.referral.motivation import api as motivation
from services.referral.organisation import api as organisation
from services.referral.person import api as person
from services.referral.referral import api as referral
from services.referral.region import api as region
from services.referral.relation.service import relates
from services.referral.settings import settings
from services.referral.sight import api as sight
from shared.process import Service, main

SERVICE = Service(
    name="referral",
    settings=settings,
    routers=(
        region.router_queries,
        region.router_commands,
        duty.router_commands,
        organisation.router_queries,
        organisation.router_commands,
        person.router_commands,
        disclosure.router_queries,
        death.router_commands,
        consent.router_queries,
        consent.router_commands,
        emergency.router_queries,
        emergency.router_commands,
        sight.router_queries,
        referral.router_commands,
        consent_request.router_queries,
        consent_request.router_commands,
        motivation.router_queries,
        motivation.router_commands,
        enquiry.router_queries,
        enquiry.router_commands,
        concern.router_queries,
        instruction.router_queries,
    ),
    handlers=HANDLERS,
    deadlines=DEADLINES,
    relates=relates,
)

if __name__ == "__main__":
    main(SERVICE)
