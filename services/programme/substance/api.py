"""The vocabulary of substances on the wire. No person in it."""

from pydantic import BaseModel, Field

from services.programme.substance.domain import SUBSTANCES, Group, LegalClass
from shared.command import calculations
from shared.paging import Page
from shared.policy import MACRO, MESO, allows, roles

router_calculations = calculations("substances")


class SubstanceView(BaseModel):
    """`group`: EUDA TDI; `legal_class` by the international conventions, a labelled default beside national lists."""

    code: str = Field(examples=["heroin"])
    group: Group
    legal_class: LegalClass


@router_calculations.get("/substances")
@allows(roles(*MESO, *MACRO))
async def list_substances() -> Page[SubstanceView]:
    """Narcotic drugs, psychotropic substances, their analogues and what stands beside them. Source: mission row 002-08."""
    return Page[SubstanceView](items=[SubstanceView.model_validate(substance._asdict()) for substance in SUBSTANCES.values()])
