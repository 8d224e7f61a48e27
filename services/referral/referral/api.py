"""Commands on referrals. What shows them is in `sight/api.py`, motivating acts are in `motivation/api.py`."""

from typing import Any
from uuid import UUID

from pydantic import Field, StrictBool

from services.referral.referral import anew, service
from services.referral.relation import service as relations
from services.referral.transition.domain import Reason, Status
from services.referral.wish.domain import Source, Wish
from shared.command import CurrentTx, Done, commands
from shared.errors import NotFound
from shared.events.pathway import DEFAULT_PATHWAY, code_at
from shared.policy import allows, roles
from shared.web import Body, Code, StrictStage

router_commands = commands("referrals")


class NewReferral(Body):
    """`to_organisation_id` null: any qualified organisation of the person's region; the first to accept owns it. `source`: EUDA TDI.

    `stage`: the position in the pathway of the journey or, without a journey, in `pathway`, addiction-rehabilitation where none is said.
    """

    person_id: UUID
    journey_id: UUID | None = None
    pathway: Code | None = Field(
        default=None, examples=[DEFAULT_PATHWAY], description="May be left out; the journey's own where one is named."
    )
    stage: StrictStage
    to_organisation_id: UUID | None = None
    source: Source = "99"
    draft: StrictBool = False
    imported: StrictBool = False
    replaces: UUID | None = Field(default=None, description="The rejected referral that this one follows.")


class NewSelfReferral(Body):
    pathway: Code = DEFAULT_PATHWAY
    stage: StrictStage
    to_organisation_id: UUID | None = None


class StatusChange(Body):
    """The status to go to; a reason where the table of transitions asks for one."""

    to: Status
    reason: Reason | None = None


class GoingOn(Body):
    """Nothing to say but that it goes on."""


def _asked(body: NewReferral | NewSelfReferral) -> dict[str, Any]:
    """What was asked for; the service looks up which stage that is."""
    return body.model_dump() | {"pathway": body.pathway or DEFAULT_PATHWAY, "stage_code": code_at((), body.stage)}


@router_commands.post("/referrals", status_code=201)
@allows(roles("coordinator", "system"))
async def refer(tx: CurrentTx, body: NewReferral) -> Done:
    """Refer a person to a stage, or name the organisation for the request that is already open. Source: mission row 002-06."""
    sender = {"from_organisation_id": tx.caller.organisation_id, "region": None, "due_on": None}
    wish = Wish(**_asked(body), **sender, origin="organisation")
    referral = await service.refer(tx, wish, body.pathway)
    return Done(id=referral.referral_id, status=referral.status)


@router_commands.post("/self-referrals", status_code=201)
@allows(roles("person"))
async def refer_oneself(tx: CurrentTx, body: NewSelfReferral) -> Done:
    """Ask for a stage oneself. Source: mission row 001-11."""
    person_id = relations.own_id(tx)
    if person_id is None:
        raise NotFound("person")
    nobody = {"journey_id": None, "from_organisation_id": None, "region": None, "due_on": None}
    wish = Wish(person_id=person_id, **_asked(body), **nobody, origin="self", source="6")
    referral = await service.refer(tx, wish, body.pathway)
    return Done(id=referral.referral_id, status=referral.status)


@router_commands.post("/referrals/{referral_id}/status")
@allows(roles("coordinator", "system", "person"))
async def change_status(tx: CurrentTx, referral_id: UUID, body: StatusChange) -> Done:
    """Go to another status, as the table of transitions allows your side; or back to how it stood before a mistake of your own.

    Source: standards section 1, mission row 002-06; issue of corrections, section 1.
    """
    referral = await anew.change_status(tx, referral_id, body.to, body.reason)
    return Done(id=referral_id, status=referral.status)


@router_commands.put("/referrals/{referral_id}/basis")
@allows(roles("coordinator", "system"))
async def keep_basis(tx: CurrentTx, referral_id: UUID, body: GoingOn) -> Done:
    """What it was opened for was corrected; its sender, or who accepted it, says that it goes on all the same. Again changes nothing.

    Who does not want it any more cancels it. Source: issue of corrections, section 1.
    """
    referral = await service.go_on(tx, referral_id)
    return Done(id=referral_id, status=referral.status)
