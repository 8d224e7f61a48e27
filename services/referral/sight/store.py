"""SQL of referrals as they are shown: lists and history."""

from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.referral.referral.domain import Entry, Referral
from services.referral.transition.domain import OPEN, TAKEN, Status
from shared.database import Tx

NO_DUE_DAY = date(9999, 12, 31)
"""Where the lists by due day put what is never due."""
COLUMNS = ", ".join(Referral.model_fields)
FILTER = f"""
SELECT {COLUMNS} FROM referral r
WHERE (due_key, referral_id) > ($2, $3) AND ($4::text IS NULL OR status = $4) AND ($5::date IS NULL OR due_on < $5)
    AND ($6::boolean IS NULL OR (basis_withdrawn IS NOT NULL AND status IN ({", ".join(repr(status) for status in sorted(TAKEN))})) = $6)
"""
PAGE = " ORDER BY due_key, referral_id LIMIT $7"
LIST_OUT = (
    FILTER
    + "AND from_organisation_id = $1 AND EXISTS (SELECT FROM case_relation c WHERE c.person_id = r.person_id AND c.organisation_id = $1)"
    + PAGE
)
LIST_HELD = (
    FILTER
    + f"""
AND status IN ({", ".join(repr(status) for status in sorted(OPEN - {"draft"}))}) AND person_id IN (
    SELECT person_id FROM spell WHERE organisation_id = $1 UNION SELECT person_id FROM journey WHERE organisation_id = $1)
AND holds(person_id, $1, pathway, journey_id)
"""
    + PAGE
)
LIST_OF_PERSON = FILTER + "AND person_id = $1 AND status <> 'draft'" + PAGE
LIST_IN = (
    FILTER
    + """
AND status <> 'draft' AND ((to_organisation_id = $1 AND (status <> 'requested' OR EXISTS (
    SELECT FROM confirmed_for c WHERE c.organisation_id = $1 AND c.pathway = r.pathway AND c.stage_code = r.stage_code)))
OR (to_organisation_id IS NULL AND status = 'requested' AND EXISTS (
    SELECT FROM qualified q WHERE q.organisation_id = $1 AND q.pathway = r.pathway AND q.stage_code = r.stage_code
        AND (NOT $8 OR q.position_confirmed) AND (q.within IS NULL OR q.within = (SELECT within FROM region WHERE code = r.region)))))
"""
    + PAGE
)


class HistoryLine(Entry):
    """One change as it is shown."""

    at: datetime


class Slice(NamedTuple):
    """Which referrals of a list: after which (due day, id), with which status, due before which day, in doubt or not, how many."""

    after: tuple[date, UUID]
    status: Status | None
    due_before: date | None
    basis_withdrawn: bool | None
    limit: int

    def values(self) -> tuple[Any, ...]:
        """One more than `limit`: it tells whether another page follows."""
        return *self.after, self.status, self.due_before, self.basis_withdrawn, self.limit + 1


async def list_out(tx: Tx, organisation_id: UUID, part: Slice) -> list[Referral]:
    """Sent by the organisation, as long as it has any relation to the person."""
    return [Referral(**dict(row)) for row in await tx.connection.fetch(LIST_OUT, organisation_id, *part.values())]


async def list_held(tx: Tx, organisation_id: UUID, part: Slice) -> list[Referral]:
    """What is open for the persons whom the organisation holds where it leads, whoever sent it."""
    return [Referral(**dict(row)) for row in await tx.connection.fetch(LIST_HELD, organisation_id, *part.values())]


async def list_in(tx: Tx, organisation_id: UUID, part: Slice, with_position: bool) -> list[Referral]:
    """Addressed to the organisation, pending ones while it is confirmed for the stage; and those open to any it is qualified for."""
    return [Referral(**dict(row)) for row in await tx.connection.fetch(LIST_IN, organisation_id, *part.values(), with_position)]


async def list_of_person(tx: Tx, person_id: UUID, part: Slice) -> list[Referral]:
    return [Referral(**dict(row)) for row in await tx.connection.fetch(LIST_OF_PERSON, person_id, *part.values())]


async def list_history(tx: Tx, referral_id: UUID) -> list[HistoryLine]:
    statement = """
    SELECT at, change, from_status, to_status, to_organisation_id, actor, organisation_id, reason
    FROM referral_history WHERE referral_id = $1 ORDER BY history_id
    """
    return [HistoryLine(**dict(row)) for row in await tx.connection.fetch(statement, referral_id)]
