"""How a journey is opened, and by whom without a referral. Pure."""

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.programme.day.domain import Days
from services.programme.journey.domain import CaseReason, Journey, LegalBasis, StageState, holder
from services.programme.pathway.domain import Pathway
from shared.errors import refuse
from shared.events.programme import JourneyOpened


def relates(organisation_id: UUID, registered_by: UUID | None, earlier: Sequence[Journey]) -> bool:
    """Whether an organisation may open a journey of a person without a referral: it registered the person, or has it now, and no other
    organisation is holder of an open one. Where the registrar was not told, it may also be who had a part before.
    """
    holders = {holder(journey) for journey in earlier if journey.status == "open"} - {None}
    had_part = registered_by is None and any(organisation_id in set(journey.organisations()) for journey in earlier)
    return (organisation_id == registered_by or organisation_id in holders or had_part) and holders <= {organisation_id}


class Opening(NamedTuple):
    """Who sets out, when and why, as it was entered. `by_system`: the caller may mark what it brings as imported.

    `by_acceptance`: the opener has no relation but an acceptance.
    """

    person_id: UUID
    organisation_id: UUID
    opened_on: date
    imported: bool = False
    by_system: bool = False
    by_acceptance: bool = False
    reason: CaseReason | None = None
    legal_basis: LegalBasis | None = None
    decided_on: date | None = None
    date_reason: str | None = None

    @property
    def dates(self) -> tuple[date, ...]:
        return (self.opened_on,) if self.decided_on is None else (self.opened_on, self.decided_on)


def open_journey(journey_id: UUID, pathway: Pathway, opening: Opening, days: Days) -> tuple[Journey, list[JourneyOpened]]:
    """A new journey on a version of a pathway; earlier ones of the person never block it. Raises Refused("journey-not-openable").

    Source: mission rows 000-66, 002-15, 002-36.
    """
    refuse(
        "journey-not-openable",
        {
            **days.unmet(*opening.dates),
            **days.unlikely(*opening.dates, reason=opening.date_reason),
            "imported-by-role-system": opening.imported and not opening.by_system,
        },
    )
    journey = Journey(
        journey_id=journey_id,
        person_id=opening.person_id,
        pathway=pathway.code,
        version=pathway.version,
        opened_on=opening.opened_on,
        opened_by=opening.organisation_id,
        by_acceptance=opening.by_acceptance,
        imported=opening.imported,
        stages=tuple(StageState(stage=rule.stage, code=rule.code) for rule in pathway.stages),
        reason=opening.reason,
        legal_basis=opening.legal_basis,
        decided_on=opening.decided_on,
        date_reason=opening.date_reason,
    )
    return journey, [_opened(journey, pathway)]


def _opened(journey: Journey, pathway: Pathway) -> JourneyOpened:
    return JourneyOpened(
        person_id=journey.person_id,
        journey_id=journey.journey_id,
        pathway=journey.pathway,
        version=journey.version,
        organisation_id=journey.opened_by,
        opened_on=journey.opened_on,
        imported=journey.imported,
        stages=pathway.told(),
        by_acceptance=journey.by_acceptance,
    )
