"""What follows a change of a referral: it is saved with its history, told, and its deadlines are set or met."""

from datetime import date, timedelta
from uuid import UUID

from services.referral.journey.domain import Fact
from services.referral.referral import standing, store
from services.referral.referral.domain import Changed, Referral
from services.referral.settings import settings
from shared.clock import meet_deadline, set_deadline
from shared.database import Tx
from shared.events import Event
from shared.events.referral import AnswerOverdue, HandoverOverdue, ReferralOpened
from shared.working_days import end_of

ANSWER_DUE = "answer-due"
HANDOVER_DUE = "handover-due"


def recorded_on(tx: Tx) -> date:
    """The day on which what is handled now was recorded, however late it is heard: limits run from it. Source: delivery section 6."""
    return (tx.cause.recorded_at if tx.cause else tx.now).date()


async def apply(tx: Tx, before: Referral, changed: Changed, by: Fact | None = None) -> Referral:
    """Save what changed of a locked referral, with its history, facts and deadlines. `by`: the fact of a journey that changes it."""
    if changed.referral != before:
        if by is None:
            await store.save_referral(tx, changed.referral)
        else:
            await standing.save_referral(tx, changed.referral, by)
        await follow_up(tx, before, changed)
    return changed.referral


async def follow_up(tx: Tx, before: Referral | None, changed: Changed) -> None:
    """Keep the history of what was inserted or saved, tell it, and set or meet its deadlines."""
    referral = changed.referral
    if changed.entries:
        await store.insert_history(tx, referral.referral_id, changed.entries)
    tx.append(referral.person_id, *(with_limit(event) for event in changed.events))
    await _keep_answer_due(tx, before.answer_due if before else None, referral)
    await _keep_handover_due(tx, before.awaits_start if before else False, referral)


def with_limit(event: Event) -> Event:
    """The limit is a setting, of which rules know nothing; whoever measures hand-overs hears of it here."""
    return event.model_copy(update={"limit_days": settings().handover_limit_days}) if isinstance(event, ReferralOpened) else event


async def _keep_answer_due(tx: Tx, was: date | None, referral: Referral) -> None:
    if referral.answer_due is not None and referral.answer_due != was:
        await set_deadline(tx, ANSWER_DUE, referral.referral_id, end_of(referral.answer_due))
    elif referral.answer_due is None and was is not None:
        await meet_deadline(tx, ANSWER_DUE, subject_id=referral.referral_id)


async def _keep_handover_due(tx: Tx, was: bool, referral: Referral) -> None:
    if referral.awaits_start and not was:
        limit = recorded_on(tx) + timedelta(days=settings().handover_limit_days)
        await set_deadline(tx, HANDOVER_DUE, referral.referral_id, end_of(limit))
    elif was and not referral.awaits_start:
        await meet_deadline(tx, HANDOVER_DUE, subject_id=referral.referral_id)


async def answer_overdue(tx: Tx, referral_id: UUID) -> None:
    """Nobody answered by the due date. Source: mission row 002-22."""
    r = await store.lock_referral(tx, referral_id)
    if r.answer_due is not None and end_of(r.answer_due) <= tx.now:
        tx.append(r.person_id, AnswerOverdue(**r.names(), region=r.region))


async def handover_overdue(tx: Tx, referral_id: UUID) -> None:
    """The stage was not started by the limit and nothing took this referral's place. Source: mission row OUR-01."""
    r = await store.lock_referral(tx, referral_id)
    if r.awaits_start and not await store.is_followed(tx, r):
        tx.append(r.person_id, HandoverOverdue(**r.names(), region=r.region))
