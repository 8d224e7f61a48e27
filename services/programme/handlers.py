"""What programme hears and what it does about it: the whole inbound map."""

from services.programme.concern import service as concerns
from services.programme.journey import service as journeys
from services.programme.organisation import service as organisations
from services.programme.person import service as persons
from services.programme.relapse import service as relapses
from shared.database import Tx
from shared.delivery.inbox import Handlers
from shared.events.family import ConcernAnswered, ConcernEscalated, ConcernRaised, ConcernWithdrawn
from shared.events.referral import (
    ConsentGiven,
    ConsentRevoked,
    EmergencyAccessGiven,
    OrganisationChanged,
    PersonCameOfAge,
    PersonDeathReversed,
    PersonDied,
    PersonErased,
    PersonMerged,
    PersonRegistered,
    ReferralAddressed,
    ReferralAnswered,
    ReferralClosed,
)


async def on_organisation_changed(tx: Tx, event: OrganisationChanged) -> None:
    await organisations.save(tx, event)


async def on_person_registered(tx: Tx, event: PersonRegistered) -> None:
    await persons.register(tx, event)


async def on_person_came_of_age(tx: Tx, event: PersonCameOfAge) -> None:
    await persons.come_of_age(tx, event.person_id)


async def on_person_died(tx: Tx, event: PersonDied) -> None:
    """No stage is started after the death; what is open is ended by those who know how."""
    await persons.die(tx, event)


async def on_person_death_reversed(tx: Tx, event: PersonDeathReversed) -> None:
    """Alive again: stages can be started, and the weeks that the death stopped pass again. Source: contracts "Death"."""
    await persons.live_again(tx, event.person_id)
    await relapses.resume(tx, event.person_id)


async def on_person_merged(tx: Tx, event: PersonMerged) -> None:
    """Who registered the merged record, or accepted a referral of it, has no right of that any more. Source: privacy section 1."""
    await persons.merge(tx, event)
    await journeys.merge(tx, event.person_id)


async def on_person_erased(tx: Tx, event: PersonErased) -> None:
    """The person's row first: a journey opened meanwhile waits for it and is refused."""
    await persons.erase(tx, event)
    await journeys.erase(tx, event.person_id)


async def on_consent_given(tx: Tx, event: ConsentGiven) -> None:
    await persons.give_consent(tx, event)


async def on_consent_revoked(tx: Tx, event: ConsentRevoked) -> None:
    await persons.revoke_consent(tx, event)


async def on_emergency_access_given(tx: Tx, event: EmergencyAccessGiven) -> None:
    await persons.open_emergency(tx, event)


async def on_referral_answered(tx: Tx, event: ReferralAnswered) -> None:
    """Who accepted may act on the journey. Source: contracts section 3."""
    if event.answer == "accepted":
        await journeys.admit(tx, event)
    else:
        await journeys.dismiss(tx, event.referral_id)


async def on_referral_addressed(tx: Tx, event: ReferralAddressed) -> None:
    """Who accepted it before another organisation was named has no right of it any more. Source: privacy section 1."""
    await journeys.dismiss(tx, event.referral_id, but=event.to_organisation_id)


async def on_referral_closed(tx: Tx, event: ReferralClosed) -> None:
    """However it ended: who started has the right of its stay, nobody has one of the referral. Source: privacy section 1."""
    await journeys.dismiss(tx, event.referral_id)


async def on_concern_raised(tx: Tx, event: ConcernRaised) -> None:
    await concerns.hear(tx, event)


async def on_concern_escalated(tx: Tx, event: ConcernEscalated) -> None:
    await concerns.escalate(tx, event)


async def on_concern_closed(tx: Tx, event: ConcernAnswered | ConcernWithdrawn) -> None:
    await concerns.close(tx, event)


HANDLERS: Handlers = {
    OrganisationChanged: on_organisation_changed,
    PersonRegistered: on_person_registered,
    PersonCameOfAge: on_person_came_of_age,
    PersonDied: on_person_died,
    PersonDeathReversed: on_person_death_reversed,
    PersonMerged: on_person_merged,
    PersonErased: on_person_erased,
    ConsentGiven: on_consent_given,
    ConsentRevoked: on_consent_revoked,
    EmergencyAccessGiven: on_emergency_access_given,
    ReferralAddressed: on_referral_addressed,
    ReferralAnswered: on_referral_answered,
    ReferralClosed: on_referral_closed,
    ConcernRaised: on_concern_raised,
    ConcernEscalated: on_concern_escalated,
    ConcernAnswered: on_concern_closed,
    ConcernWithdrawn: on_concern_closed,
}
