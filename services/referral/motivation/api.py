"""Routes of motivating acts."""

from uuid import UUID

from pydantic import BaseModel

from services.referral.motivation import service
from services.referral.motivation.domain import ActKind, ByRole, ErrorReason
from services.referral.motivation.store import Acceptance, Act
from shared.command import CurrentTx, Done, commands, queries
from shared.policy import allows, roles
from shared.web import Body, BusinessDate

router_commands = commands("motivations")
router_queries = queries("motivations")


class ActDone(Body):
    """What was done to stimulate the person to go on, by whom (a role, never a name), when."""

    kind: ActKind
    by: ByRole
    on: BusinessDate


class ActInError(Body):
    """Why it should not have been entered."""

    reason: ErrorReason


class Acts(BaseModel):
    items: list[Act]


class Figures(BaseModel):
    """Exact counts over your own organisation's referrals; nothing here is published."""

    definition: str = "Referrals your organisation sent that were answered; accepted ones among them, with and without an act of the kind."
    items: list[Acceptance]


@router_commands.post("/referrals/{referral_id}/motivations", status_code=201)
@allows(roles("coordinator", "clinician", "system"))
async def record_motivation(tx: CurrentTx, referral_id: UUID, body: ActDone) -> Done:
    """Record a motivating act. Source: mission row 002-06."""
    return Done(id=await service.record(tx, referral_id, (body.kind, body.by, body.on)), status="recorded")


@router_commands.post("/referrals/{referral_id}/motivations/{motivation_id}/entered-in-error")
@allows(roles("coordinator", "clinician", "system"))
async def enter_motivation_in_error(tx: CurrentTx, referral_id: UUID, motivation_id: UUID, body: ActInError) -> Done:
    """It never was: by who entered it or has the person. It counts nowhere any more; its line is kept. Again changes nothing."""
    await service.enter_in_error(tx, referral_id, motivation_id, body.reason)
    return Done(id=motivation_id, status="entered-in-error")


@router_queries.get("/referrals/{referral_id}/motivations")
@allows(roles("coordinator", "clinician", "system"))
async def list_motivations(tx: CurrentTx, referral_id: UUID, entered_in_error: bool = False) -> Acts:
    """The motivating acts around a referral, or those that were entered in error."""
    return Acts(items=await service.list_acts(tx, referral_id, entered_in_error))


@router_queries.get("/motivations/acceptance")
@allows(roles("coordinator", "clinician", "system"))
async def count_acceptance(tx: CurrentTx) -> Figures:
    """Acceptance with and without each kind of act. Source: mission row 002-06."""
    return Figures(items=await service.acceptance(tx))
