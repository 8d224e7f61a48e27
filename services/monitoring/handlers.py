"""HANDLERS: which fact becomes which row. Handlers only gather; what it adds up to is brought up to date once a batch.

Not kept, because no figure needs it: registrations, consents, scores, withdrawal symptoms, support, messages.
"""

import json
from collections.abc import Callable, Sequence
from uuid import UUID

from services.monitoring.fact import store
from services.monitoring.fact.domain import NO_START, Stay
from services.monitoring.fact.service import note_organisation, note_pathway, noting
from services.monitoring.figure.service import units_of
from services.monitoring.figures import FIGURES
from services.monitoring.request import service as request
from shared.database import Tx
from shared.delivery.inbox import Handlers
from shared.events.envelope import Envelope
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernSigned, ConcernWithdrawn
from shared.events.pathway import DEFAULT_PATHWAY, FIVE_STAGES, PathwayStage, code_at
from shared.events.programme import (
    CompletionCorrected,
    JourneyCompleted,
    JourneyCorrected,
    JourneyOpened,
    RelapseAssessed,
    SkipWithdrawn,
    StageCompleted,
    StageLeft,
    StageSkipped,
    StageStarted,
    StayCorrected,
)
from shared.events.referral import (
    AnswerOverdue,
    OrganisationChanged,
    PersonDeathReversed,
    PersonDied,
    PersonErased,
    PersonMerged,
    PlaceNotFound,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
    ReferralOpened,
)

note = noting(units_of(FIGURES))


def _cause(tx: Tx) -> Envelope:
    if tx.cause is None:
        raise LookupError("a handler runs for an event")
    return tx.cause


async def on_organisation_changed(tx: Tx, event: OrganisationChanged) -> None:
    """Of several services for one stage an active one counts before others, then the first of the entry."""
    best_last = sorted(reversed(event.services), key=lambda service: service.status == "active")
    programmes = json.dumps({f"{service.pathway}/{service.stage}": service.programme for service in best_last})
    note_organisation(tx, (event.organisation_id, _cause(tx).seq, event.level, event.region, programmes, event.confirmed))


async def on_person_died(tx: Tx, event: PersonDied) -> None:
    note(tx, store.save_deaths, event.person_id, (event.person_id, _cause(tx).seq, event.on))


async def on_person_death_reversed(tx: Tx, event: PersonDeathReversed) -> None:
    """The person counts as alive again, also in months that a release has not closed."""
    note(tx, store.save_deaths, event.person_id, (event.person_id, _cause(tx).seq, None))


async def on_person_erased(tx: Tx, event: PersonErased) -> None:
    """The pseudonymous facts stay, as the law requires; who the pseudonym was is gone with referral's record."""
    note(tx, store.save_persons, event.person_id, (event.person_id, event.on, None))


async def on_person_merged(tx: Tx, event: PersonMerged) -> None:
    note(tx, store.save_persons, event.person_id, (event.person_id, None, event.into_id))


async def on_journey_opened(tx: Tx, event: JourneyOpened) -> None:
    codes = json.dumps([stage.code for stage in event.stages])
    completes = _position(event.stages, lambda stage: stage.completes_the_journey)
    note_pathway(tx, (event.pathway, event.version, codes, completes, _position(event.stages, lambda stage: stage.halfway)))
    whose = (event.journey_id, event.person_id, event.organisation_id, event.opened_on, event.imported)
    note(tx, store.save_journeys, event.person_id, (*whose, event.pathway, event.version, _cause(tx).seq))


def _position(stages: Sequence[PathwayStage], has: Callable[[PathwayStage], bool]) -> int | None:
    return next((position for position, stage in enumerate(stages, 1) if has(stage)), None)


async def on_journey_corrected(tx: Tx, event: JourneyCorrected) -> None:
    row = (event.journey_id, event.person_id, event.organisation_id, event.opened_on, event.imported, _cause(tx).seq)
    note(tx, store.save_journey_corrections, event.person_id, row)


async def on_journey_completed(tx: Tx, event: JourneyCompleted) -> None:
    row = (event.journey_id, event.person_id, event.completed_on, _cause(tx).seq)
    note(tx, store.save_journey_completions, event.person_id, row)


async def on_completion_corrected(tx: Tx, event: CompletionCorrected) -> None:
    row = (event.journey_id, event.person_id, event.completed_on, _cause(tx).seq)
    note(tx, store.save_journey_completions, event.person_id, row)


async def on_stage_started(tx: Tx, event: StageStarted) -> None:
    note(tx, store.save_stays, event.person_id, Stay(*_stay(event), _cause(tx).seq, event.started_on))


async def on_stage_completed(tx: Tx, event: StageCompleted) -> None:
    note(tx, store.save_stays, event.person_id, Stay(*_stay(event), *NO_START, _cause(tx).seq, event.completed_on))


async def on_stage_left(tx: Tx, event: StageLeft) -> None:
    note(tx, store.save_stays, event.person_id, Stay(*_stay(event), *NO_START, _cause(tx).seq, None, event.left_on, event.how))


async def on_stay_corrected(tx: Tx, event: StayCorrected) -> None:
    """Both halves are as told here. Without a start there is no stay, and so no end."""
    ended_on = event.ended_on if event.started_on else None
    end = (ended_on, None, None) if event.how == "completed" else (None, ended_on, event.how if ended_on else None)
    seq = _cause(tx).seq
    note(tx, store.save_stays, event.person_id, Stay(*_stay(event), seq, event.started_on, seq, *end))


def _stay(event: StageStarted | StageCompleted | StageLeft | StayCorrected) -> tuple[UUID, int, int, UUID, UUID]:
    return event.journey_id, event.stage, event.spell, event.person_id, event.organisation_id


async def on_stage_skipped(tx: Tx, event: StageSkipped) -> None:
    note(tx, store.save_skips, event.person_id, (event.journey_id, event.stage, event.person_id, event.how, _cause(tx).seq))


async def on_skip_withdrawn(tx: Tx, event: SkipWithdrawn) -> None:
    note(tx, store.save_skips, event.person_id, (event.journey_id, event.stage, event.person_id, None, _cause(tx).seq))


async def on_relapse_assessed(tx: Tx, event: RelapseAssessed) -> None:
    row = (
        event.relapse_id,
        event.definition,
        event.person_id,
        event.journey_id,
        event.stage,
        _cause(tx).seq,
        event.known_on,
        event.withdrawn,
        event.spell,
    )
    note(tx, store.save_relapses, event.person_id, row)


async def on_referral_opened(tx: Tx, event: ReferralOpened) -> None:
    """An event from before codes means the five stages."""
    at, timed = _cause(tx).occurred_at, event.due_on is not None
    whose = (event.referral_id, event.person_id, event.journey_id, event.stage)
    code = event.stage_code or code_at(FIVE_STAGES if event.pathway == DEFAULT_PATHWAY else (), event.stage)
    told = (event.from_organisation_id, event.origin, timed, at, _cause(tx).seq, event.pathway, code, event.limit_days)
    note(tx, request.save_openings, event.person_id, (*whose, *told, event.to_organisation_id))
    if event.to_organisation_id:
        note(tx, request.save_addressings, event.person_id, (*whose, _cause(tx).seq, event.to_organisation_id, at, timed))


async def on_referral_addressed(tx: Tx, event: ReferralAddressed) -> None:
    whose = (event.referral_id, event.person_id, event.journey_id, event.stage)
    named = (_cause(tx).seq, event.to_organisation_id, _cause(tx).occurred_at, event.due_on is not None)
    note(tx, request.save_addressings, event.person_id, (*whose, *named))


async def on_referral_answered(tx: Tx, event: ReferralAnswered) -> None:
    whose = (event.referral_id, event.person_id, event.journey_id, event.stage, _cause(tx).seq)
    answer = (event.organisation_id, event.answer, event.reason, event.in_time, _cause(tx).occurred_at)
    note(tx, request.save_answers, event.person_id, (*whose, *answer))


async def on_referral_closed(tx: Tx, event: ReferralClosed) -> None:
    row = (event.referral_id, event.person_id, event.stage, event.end, event.reason, _cause(tx).seq)
    note(tx, request.save_ends, event.person_id, row)


async def on_answer_overdue(tx: Tx, event: AnswerOverdue) -> None:
    note(tx, request.save_overdue, event.person_id, (event.referral_id, event.person_id, event.stage))


async def on_place_not_found(tx: Tx, event: PlaceNotFound) -> None:
    cause = _cause(tx)
    row = (event.referral_id, event.person_id, event.stage, event.region, cause.occurred_at.date(), event.pathway, cause.seq)
    note(tx, store.save_places_not_found, event.person_id, row)


async def on_concern_raised(tx: Tx, event: ConcernRaised) -> None:
    note(tx, store.save_concerns, event.person_id, (event.concern_id, event.person_id, _cause(tx).occurred_at, None, None, None, False))


async def on_concern_answered(tx: Tx, event: ConcernAnswered) -> None:
    note(tx, store.save_concerns, event.person_id, (event.concern_id, event.person_id, None, _cause(tx).occurred_at, None, None, False))


async def on_concern_escalated(tx: Tx, event: ConcernEscalated) -> None:
    note(tx, store.save_concerns, event.person_id, (event.concern_id, event.person_id, None, None, _cause(tx).occurred_at, None, False))


async def on_concern_withdrawn(tx: Tx, event: ConcernWithdrawn) -> None:
    note(tx, store.save_concerns, event.person_id, (event.concern_id, event.person_id, None, None, None, None, True))


async def on_concern_signed(tx: Tx, event: ConcernSigned) -> None:
    """How many signs, not which: no figure needs more."""
    note(tx, store.save_concerns, event.person_id, (event.concern_id, event.person_id, None, None, None, len(event.signs), False))


HANDLERS: Handlers = {
    OrganisationChanged: on_organisation_changed,
    PersonDied: on_person_died,
    PersonDeathReversed: on_person_death_reversed,
    PersonErased: on_person_erased,
    PersonMerged: on_person_merged,
    JourneyOpened: on_journey_opened,
    JourneyCorrected: on_journey_corrected,
    JourneyCompleted: on_journey_completed,
    CompletionCorrected: on_completion_corrected,
    StageStarted: on_stage_started,
    StageCompleted: on_stage_completed,
    StageLeft: on_stage_left,
    StayCorrected: on_stay_corrected,
    StageSkipped: on_stage_skipped,
    SkipWithdrawn: on_skip_withdrawn,
    RelapseAssessed: on_relapse_assessed,
    ReferralOpened: on_referral_opened,
    ReferralAddressed: on_referral_addressed,
    ReferralAnswered: on_referral_answered,
    ReferralClosed: on_referral_closed,
    AnswerOverdue: on_answer_overdue,
    PlaceNotFound: on_place_not_found,
    ConcernRaised: on_concern_raised,
    ConcernAnswered: on_concern_answered,
    ConcernEscalated: on_concern_escalated,
    ConcernSigned: on_concern_signed,
    ConcernWithdrawn: on_concern_withdrawn,
}
