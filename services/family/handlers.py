"""What family does when something is heard: facts become messages, organisations become related, persons come and go."""

from services.family.concern import service as concerns
from services.family.contact import service as contacts
from services.family.correction import service as corrections
from services.family.guardian import service as guardians
from services.family.journey import service as journeys
from services.family.message import prompting
from services.family.message import service as messages
from services.family.organisation import service as organisations
from services.family.person import service as persons
from services.family.stay import service as stays
from shared.database import Tx
from shared.delivery.inbox import Handlers
from shared.events.programme import (
    CompletionCorrected,
    JourneyCompleted,
    JourneyCorrected,
    JourneyOpened,
    RelapseRecorded,
    RelapseWithdrawn,
    StageCompleted,
    StageLeft,
    StageStarted,
    StayCorrected,
)
from shared.events.referral import (
    AnswerOverdue,
    HandoverOverdue,
    OrganisationChanged,
    PersonCameOfAge,
    PersonDeathReversed,
    PersonDied,
    PersonErased,
    PersonMerged,
    PersonRegistered,
    PlaceNotFound,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
    ReferralOpened,
    ReferralStarted,
)


async def on_journey_opened(tx: Tx, event: JourneyOpened) -> None:
    stays.open_journey(tx, event)
    await journeys.hear(tx, event)
    if event.imported:
        await persons.hear_history(tx, event.journey_id)
    await messages.tell(tx, event)


async def on_stage_started(tx: Tx, event: StageStarted) -> None:
    stays.start(tx, event)
    journey = await journeys.get_journey(tx, event.journey_id, event.person_id)
    asks = event.stage in journey.support
    await messages.tell(tx, event, asks_for_support=asks)
    if asks and not event.imported:
        await prompting.begin(tx, event.person_id, journey, event.stage)


async def on_stage_ended(tx: Tx, event: StageCompleted | StageLeft) -> None:
    """A stage that ended by death tells nothing: a death is told once it is confirmed, by the event of its owner."""
    stays.end(tx, event)
    is_death = isinstance(event, StageLeft) and event.how == "died"
    if not is_death:
        await messages.tell(tx, event)
    journey = await journeys.get_journey(tx, event.journey_id, event.person_id)
    if event.stage in journey.support:
        end = prompting.pause if is_death else prompting.end
        await end(tx, event.person_id, journey, event.stage)


async def on_stay_corrected(tx: Tx, event: StayCorrected) -> None:
    """Everything becomes as if the stay had been told so at first. Source: issue of corrections, section 1."""
    stay = await stays.correct(tx, event)
    if stay is None:
        return
    journey = await journeys.get_journey(tx, event.journey_id, event.person_id)
    asks = event.stage in journey.support
    await corrections.take_back_stay(tx, event, stay, asks)
    if asks and not event.imported and stay.before != stay.after and (stay.after == "open" or not stay.goes_on):
        await prompting.correct(tx, journey, event.stage, stay.before, stay.after)


async def on_journey_corrected(tx: Tx, event: JourneyCorrected) -> None:
    """Another day of its opening tells nothing."""
    await stays.correct_journey(tx, event)
    if event.opened_on is None:
        await corrections.take_back_journey(tx, event)
        await prompting.withdraw(tx, event.person_id, event.journey_id)


async def on_relapse_withdrawn(tx: Tx, event: RelapseWithdrawn) -> None:
    """What is history was never sent, and its corrections are not either."""
    if event.is_last:
        await corrections.take_back_relapses(tx, event)


async def on_referral_opened(tx: Tx, event: ReferralOpened) -> None:
    if event.due_on is None:  # only what is brought from the past sets no clock
        await persons.hear_history(tx, event.referral_id)
    await corrections.take_back_closing(tx, event)
    await messages.tell(tx, event)


async def on_referral_answered(tx: Tx, event: ReferralAnswered) -> None:
    if event.answer == "accepted" and not event.by_sender:
        persons.relate_acceptor(tx, event)
    else:
        persons.end_acceptances(tx, event.referral_id)
    await messages.tell(tx, event)


async def on_referral_addressed(tx: Tx, event: ReferralAddressed) -> None:
    persons.end_acceptances(tx, event.referral_id, event.to_organisation_id)
    await messages.tell(tx, event)


async def on_referral_started(tx: Tx, event: ReferralStarted) -> None:
    persons.take_up(tx, event.referral_id)
    await messages.tell(tx, event)


async def on_referral_closed(tx: Tx, event: ReferralClosed) -> None:
    persons.end_acceptances(tx, event.referral_id)
    if event.end == "entered-in-error":
        await corrections.take_back_referral(tx, event)
    else:
        await messages.tell(tx, event)


async def on_person_registered(tx: Tx, event: PersonRegistered) -> None:
    await persons.register(tx, event.person_id, event.region, event.life_period)
    if event.organisation_id is not None:
        persons.relate_registrar(tx, event.person_id, event.organisation_id)
    if event.life_period == "adult":
        await guardians.come_of_age(tx, event.person_id)


async def on_person_came_of_age(tx: Tx, event: PersonCameOfAge) -> None:
    await persons.come_of_age(tx, event.person_id)
    await guardians.come_of_age(tx, event.person_id)


async def on_person_died(tx: Tx, event: PersonDied) -> None:
    """Permissions and assignments rest while the person is dead; nothing of them is changed, so that a reversal finds them."""
    if await persons.die(tx, event.person_id, event.on):
        await messages.tell_death(tx, event.person_id, await journeys.list_ids(tx, event.person_id))
        await prompting.stop(tx, event.person_id)


async def on_person_death_reversed(tx: Tx, event: PersonDeathReversed) -> None:
    if await persons.revive(tx, event.person_id):
        await corrections.take_back_death(tx, event, await journeys.list_ids(tx, event.person_id))
        await messages.resume(tx, event.person_id)
        await prompting.resume(tx, event.person_id)
        await concerns.resume(tx, event.person_id)


async def on_person_erased(tx: Tx, event: PersonErased) -> None:
    await persons.erase(tx, event.person_id, event.on)
    await contacts.erase(tx, event.person_id)
    await messages.stop_person(tx, event.person_id, "person-erased")
    await concerns.erase(tx, event.person_id)
    await prompting.stop(tx, event.person_id)
    await journeys.erase(tx, event.person_id)


async def on_person_merged(tx: Tx, event: PersonMerged) -> None:
    into_id = await persons.merge(tx, event.person_id, event.into_id)
    for noun in (contacts, messages, concerns, journeys):
        await noun.merge(tx, event.person_id, into_id)
    if not await persons.is_living(tx, into_id):
        await prompting.stop(tx, into_id)
    if await persons.is_erased(tx, into_id):
        for noun in (contacts, concerns, journeys):
            await noun.erase(tx, into_id)
    elif await persons.is_adult(tx, into_id):
        await guardians.come_of_age(tx, into_id)


HANDLERS: Handlers = {
    JourneyOpened: on_journey_opened,
    StageStarted: on_stage_started,
    StageCompleted: on_stage_ended,
    StageLeft: on_stage_ended,
    JourneyCompleted: messages.tell,
    RelapseRecorded: messages.tell,
    RelapseWithdrawn: on_relapse_withdrawn,
    StayCorrected: on_stay_corrected,
    JourneyCorrected: on_journey_corrected,
    CompletionCorrected: corrections.take_back_completion,
    ReferralOpened: on_referral_opened,
    ReferralAddressed: on_referral_addressed,
    ReferralAnswered: on_referral_answered,
    ReferralStarted: on_referral_started,
    ReferralClosed: on_referral_closed,
    AnswerOverdue: messages.tell,
    HandoverOverdue: messages.tell,
    PlaceNotFound: messages.tell,
    OrganisationChanged: organisations.hear,
    PersonRegistered: on_person_registered,
    PersonCameOfAge: on_person_came_of_age,
    PersonDied: on_person_died,
    PersonDeathReversed: on_person_death_reversed,
    PersonErased: on_person_erased,
    PersonMerged: on_person_merged,
}
