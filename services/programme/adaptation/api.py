"""Adaptation steps on the wire."""

from uuid import UUID, uuid4

from pydantic import Field

from services.programme.adaptation import service
from services.programme.adaptation.domain import AdaptationStep, Kind
from services.programme.journey.domain import WHO
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page
from shared.policy import allows, roles
from shared.web import Body, BusinessDate

router_commands = commands("functioning")
router_queries = queries("functioning")

CLINICAL = roles(*WHO)


class NewStep(Body):
    kind: Kind = Field(examples=["work-outside"])
    planned_on: BusinessDate


class Reached(Body):
    reached_on: BusinessDate


@router_commands.post("/journeys/{journey_id}/adaptation-steps", status_code=201)
@allows(CLINICAL)
async def plan_step(tx: CurrentTx, journey_id: UUID, body: NewStep) -> Done:
    """Plan a step on the way back; a social dormitory is for those halfway through recovery. Source: mission row 000-43."""
    step = AdaptationStep(step_id=uuid4(), kind=body.kind, planned_on=body.planned_on, entered_by=tx.caller.organisation_id)
    await service.plan(tx, journey_id, step)
    return Done(id=step.step_id, status="planned")


@router_commands.put("/journeys/{journey_id}/adaptation-steps/{step_id}/reaching")
@allows(CLINICAL)
async def reach_step(tx: CurrentTx, journey_id: UUID, step_id: UUID, body: Reached) -> Done:
    """The step was reached. Source: mission row 002-20."""
    await service.reach(tx, journey_id, step_id, body.reached_on)
    return Done(id=step_id, status="reached")


@router_queries.get("/journeys/{journey_id}/adaptation-steps")
@allows(CLINICAL)
async def list_steps(tx: CurrentTx, journey_id: UUID) -> Page[AdaptationStep]:
    """All steps of a journey by planned day, at most 200."""
    journey, steps = await service.list_steps(tx, journey_id)
    tx.audit("read-adaptation-steps", journey.person_id)
    return Page[AdaptationStep](items=steps)
