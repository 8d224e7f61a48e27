"""SQL of how a referral stood before a command changed it: kept with the change, taken when that was a mistake.

What a fact of a journey changed is `standing.py`'s.
"""

from uuid import UUID

from services.referral.referral import following, store
from services.referral.referral.domain import Changed, Referral
from services.referral.referral.retracting import Before
from services.referral.relation import service as relations
from services.referral.transition.domain import ENDS, TAKEN_BACK
from shared.database import Tx

ENDED = ", ".join(repr(status) for status in sorted(ENDS))
# The row is read as it stood before this statement; the two are one round trip.
SAVE = f"""
WITH kept AS (
    INSERT INTO status_before AS b (referral_id, became, status, to_organisation_id, has_started, made_by, answer_due_at, handover_due_at,
        held_by)
    SELECT r.referral_id, $2, r.status, r.to_organisation_id, r.has_started, $15::uuid, a.due_at, h.due_at,
        CASE WHEN $2 IN ({ENDED}) THEN ARRAY(SELECT DISTINCT o.organisation_id FROM holder o JOIN journey j USING (journey_id)
            WHERE o.person_id = r.person_id AND j.pathway = r.pathway) ELSE '{{}}' END
    FROM referral r
    LEFT JOIN deadline a ON a.kind = 'answer-due' AND a.subject_id = r.referral_id
    LEFT JOIN deadline h ON h.kind = 'handover-due' AND h.subject_id = r.referral_id
    WHERE r.referral_id = $1
    ON CONFLICT (referral_id, became) DO UPDATE
    SET (status, to_organisation_id, has_started, made_by, answer_due_at, handover_due_at, held_by)
        = (EXCLUDED.status, EXCLUDED.to_organisation_id, EXCLUDED.has_started, EXCLUDED.made_by, EXCLUDED.answer_due_at,
           EXCLUDED.handover_due_at, EXCLUDED.held_by))
{store.SAVE}
"""
FIND = """
SELECT status, to_organisation_id, has_started, made_by, answer_due_at, handover_due_at FROM status_before
WHERE referral_id = $1 AND became = $2
"""
HAS_NO_BASIS = """
SELECT asked_as IS NULL AND NOT EXISTS (SELECT FROM stood_before s WHERE s.referral_id = r.referral_id AND s.status IS NULL)
FROM referral r WHERE referral_id = $1
"""
# The stay of who took the person, of which only the referral was ended, took nobody's place ($4: as it would stand, it was started).
IS_REPLACED = f"""
SELECT EXISTS (SELECT FROM referral o WHERE o.person_id = r.person_id AND o.replaces = r.referral_id AND o.status <> 'entered-in-error')
    OR EXISTS (SELECT FROM referral o WHERE o.person_id = r.person_id AND o.pathway = r.pathway AND o.stage_code = r.stage_code
        AND o.referral_id <> r.referral_id AND o.{store.IS_OPEN}
        AND (o.journey_id IS NOT DISTINCT FROM r.journey_id OR o.journey_id IS NULL OR r.journey_id IS NULL))
    OR EXISTS (SELECT FROM spell_by_code s WHERE s.person_id = r.person_id AND s.pathway = r.pathway AND s.stage_code = r.stage_code
        AND (r.journey_id IS NULL OR s.journey_id = r.journey_id) AND (s.ended IS NULL OR s.started_on >= r.opened_at::date)
        AND NOT ($4 AND s.organisation_id = r.to_organisation_id AND s.ended IS NULL))
    OR EXISTS (SELECT FROM skipped_stage WHERE journey_id = r.journey_id AND stage = r.stage)
    OR EXISTS (SELECT FROM journey WHERE journey_id = r.journey_id AND completed_on IS NOT NULL)
    OR EXISTS (SELECT FROM person WHERE person_id = r.person_id AND died_on IS NOT NULL)
    OR ($2 IN ({ENDED}) AND EXISTS (SELECT FROM holder h JOIN journey j USING (journey_id)
        WHERE h.person_id = r.person_id AND j.pathway = r.pathway AND h.organisation_id <> ALL (b.held_by)))
    OR ($3 <> 'requested' AND r.asked_as IS NULL AND r.basis_withdrawn IS NULL
        AND NOT EXISTS (SELECT FROM stood_before s WHERE s.referral_id = r.referral_id AND s.status IS NULL))
FROM referral r JOIN status_before b ON b.referral_id = r.referral_id AND b.became = $2 WHERE r.referral_id = $1
"""


def maker(tx: Tx) -> UUID | None:
    """The organisation that changes a referral by this call; None: the person itself."""
    return None if relations.own_id(tx) is not None else tx.caller.organisation_id


async def apply(tx: Tx, referral: Referral, changed: Changed) -> Referral:
    """As `following.apply`, of a change by a command: what may turn out to be a mistake is kept as it stood."""
    to = changed.referral.status
    is_told = (to == "accepted" and referral.status == "requested") or (to == "in-progress" and referral.status == "accepted")
    if to not in TAKEN_BACK or (to not in ENDS and not is_told):
        return await following.apply(tx, referral, changed)
    await tx.connection.execute(SAVE, *store.saved_values(changed.referral), maker(tx))
    await following.follow_up(tx, referral, changed)
    return changed.referral


async def find(tx: Tx, referral: Referral) -> Before | None:
    """How it stood before the command that led it to its status; None: no such command."""
    row = await tx.connection.fetchrow(FIND, referral.referral_id, referral.status)
    return Before(**dict(row)) if row else None


async def delete(tx: Tx, referral: Referral) -> None:
    await tx.connection.execute("DELETE FROM status_before WHERE referral_id = $1 AND became = $2", referral.referral_id, referral.status)


async def has_no_basis(tx: Tx, referral: Referral) -> bool:
    """Whether the system alone had opened it for what turned out to be none."""
    return bool(await tx.connection.fetchval(HAS_NO_BASIS, referral.referral_id))


async def is_replaced(tx: Tx, referral: Referral, stood: Before) -> bool:
    """Whether something took its place since: another referral, a start, another holder, or that nobody needs to take the person.

    Also where what it was opened for was corrected meanwhile, while nobody could be asked if it goes on.
    """
    where = (referral.referral_id, referral.status, stood.status, stood.has_started)
    return bool(await tx.connection.fetchval(IS_REPLACED, *where))
