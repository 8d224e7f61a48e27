"""Routes of instructions: the ministry issues and closes, a region acknowledges and implements its own part."""

from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query
from pydantic import BaseModel, Field

from services.monitoring.instruction import service
from services.monitoring.instruction.domain import Correction, What
from services.monitoring.instruction.service import Instruction
from shared.command import CurrentTx, Done, commands, queries
from shared.paging import Page, Paging, before_moment, page_of
from shared.policy import allows, roles
from shared.web import Body, BusinessDate, Code, Name, Region, Text

router_commands = commands("instructions")
router_queries = queries("instructions")

AddressedRegion = Annotated[Region, Path(examples=["UZ-TK"])]


class NewInstruction(Body):
    """`due_on` absent: 90 days from today (a setting)."""

    title: Name = Field(examples=["Open a stage 4 programme in every region"])
    regions: Annotated[tuple[Region, ...], Field(min_length=1, max_length=250, examples=[["UZ-TK", "UZ-SA"]])]
    measure: Code | None = Field(None, examples=["stage-4-places"])
    due_on: BusinessDate | None = None


class Implementation(Body):
    evidence: Text = Field(examples=["order-17-of-2026"])


class Mistake(Body):
    reason: Text = Field(examples=["meant for another region"])


class SoughtInstructions(Paging):
    entered_in_error: bool = Field(default=False, description="Those that were issued by mistake, in place of those that stand")


class RegionPart(BaseModel):
    """How one region stands, and what it took back."""

    region: str = Field(examples=["UZ-TK"])
    acknowledgement_due_at: datetime
    acknowledged_at: datetime | None
    implementation_due_at: datetime
    implemented_at: datetime | None
    evidence: str | None
    overdue: list[Literal["acknowledgement", "implementation"]]
    corrections: list[Correction]


class InstructionView(BaseModel):
    """An instruction and how the regions stand that the caller may see."""

    id: UUID
    title: str
    measure: str | None
    issued_at: datetime
    due_on: date
    closed_at: datetime | None
    error_at: datetime | None
    error_reason: str | None
    regions: list[RegionPart]

    @classmethod
    def of(cls, instruction: Instruction) -> "InstructionView":
        parts = [
            RegionPart(
                **part.model_dump(),
                overdue=part.overdue,
                corrections=[correction for of, correction in instruction.corrections if of == part.addressed_id],
            )
            for part in instruction.parts
        ]
        fields = instruction.model_dump(exclude={"parts", "corrections", "instruction_id"})
        return cls(id=instruction.instruction_id, **fields, regions=parts)


@router_commands.post("/instructions", status_code=201)
@allows(roles("ministry"))
async def issue_instruction(tx: CurrentTx, body: NewInstruction) -> Done:
    """Ask something of regions. Source: mission row 002-13."""
    instruction_id = await service.issue(tx, body.title, body.regions, body.measure, body.due_on)
    return Done(id=instruction_id, status="issued")


@router_commands.put("/instructions/{instruction_id}/regions/{region}/acknowledgement")
@allows(roles("region"))
async def acknowledge_instruction(tx: CurrentTx, instruction_id: UUID, region: AddressedRegion, body: Body) -> Done:
    """The region has read it. Only for one's own regions."""
    await service.acknowledge(tx, instruction_id, region)
    return Done(id=instruction_id, status="acknowledged")


@router_commands.put("/instructions/{instruction_id}/regions/{region}/implementation")
@allows(roles("region"))
async def implement_instruction(tx: CurrentTx, instruction_id: UUID, region: AddressedRegion, body: Implementation) -> Done:
    """The region has done it, with the evidence. Only for one's own regions, after the acknowledgement."""
    await service.implement(tx, instruction_id, region, body.evidence)
    return Done(id=instruction_id, status="implemented")


@router_commands.post("/instructions/{instruction_id}/closure")
@allows(roles("ministry"))
async def close_instruction(tx: CurrentTx, instruction_id: UUID) -> Done:
    """Nothing more is expected of anyone."""
    await service.close(tx, instruction_id)
    return Done(id=instruction_id, status="closed")


@router_commands.post("/instructions/{instruction_id}/entered-in-error")
@allows(roles("ministry"))
async def enter_instruction_in_error(tx: CurrentTx, instruction_id: UUID, body: Mistake) -> Done:
    """It was issued by mistake: it counts nowhere, and is listed with the mistakes alone. Again changes nothing."""
    await service.enter_in_error(tx, instruction_id, body.reason)
    return Done(id=instruction_id, status="entered-in-error")


@router_commands.post("/instructions/{instruction_id}/regions/{region}/{what}/entered-in-error")
@allows(roles("region"))
async def take_back_word(tx: CurrentTx, instruction_id: UUID, region: AddressedRegion, what: What, body: Mistake) -> Done:
    """Said by mistake: what was due is due again. Only for one's own regions. Again changes nothing."""
    await service.take_back(tx, instruction_id, region, what, body.reason)
    return Done(id=instruction_id, status="entered-in-error")


@router_queries.get("/instructions")
@allows(roles("ministry", "region"))
async def list_instructions(tx: CurrentTx, sought: Annotated[SoughtInstructions, Query()]) -> Page[InstructionView]:
    """Newest first, per region: acknowledged, implemented, evidence, overdue, taken back; or those that were issued by mistake."""
    found = await service.list_instructions(tx, sought.entered_in_error, before_moment(sought.cursor), sought.limit)
    return page_of([InstructionView.of(instruction) for instruction in found], sought.limit, lambda item: (item.issued_at, item.id))
