"""What can be asked about sharing consents. Only who has a relation to the person gives, revokes or lists them."""

from typing import NamedTuple, get_args
from uuid import UUID

from services.referral.consent import domain, store
from services.referral.consent.domain import SHOWS_IDENTITY, WITH_GUARDIAN, Consent, Giving, Scope
from services.referral.guardian import service as guardians
from services.referral.organisation import service as organisations
from services.referral.person import service as persons
from services.referral.person.domain import Person
from services.referral.relation import domain as rights
from services.referral.relation import service as relations
from services.referral.relation.domain import Action
from services.referral.settings import settings
from shared import business_dates as dates
from shared.database import Tx
from shared.errors import NotFound, NotYetKnown


async def give(tx: Tx, consent: Consent, action: Action = "give-consent", referral_id: UUID | None = None) -> None:
    """Record a consent. `referral_id`: by which it was asked for. Source: mission rows 002-23, 000-25; privacy section 4."""
    person = await persons.lock_person(tx, consent.person_id, action)
    guardian = await guardians.find_guardian(tx, consent.person_id, consent.guardian_id)
    if consent.guardian_id is not None and guardian is None:
        raise NotYetKnown("guardian_id", "family")
    today = persons.today(tx)
    by_person = relations.own_id(tx) is not None
    ground = await find_ground(tx, consent.person_id, consent.discloser_organisation_id, consent.scope, action, by_person)
    giving = await _giving(tx, consent, person, ground.may_tell)
    domain.check_consent(consent, giving._replace(guardian_recorded=guardian is not None and guardian.is_one_on(today)))
    consent = consent.until_at_most(guardian.until if guardian else None)
    if ground.consent_id is not None:
        consent = consent.until_at_most(await store.get_until(tx, ground.consent_id))
        consent = consent.model_copy(update={"rests_on": ground.consent_id})
    await store.insert_consent(tx, consent)
    tx.append(consent.person_id, consent.given(referral_id))


async def _giving(tx: Tx, consent: Consent, person: Person, discloser_may: bool) -> Giving:
    today, period = persons.today(tx), persons.period_today(tx, person)
    return Giving(
        period=period,
        givers=settings().may_consent[period],
        organisation_id=None if relations.own_id(tx) is not None else tx.caller.organisation_id,
        guardian_recorded=False,
        recipient_known=await organisations.find_organisation(tx, consent.to_organisation_id) is not None,
        discloser_may=discloser_may,
        dates=dates.unmet(consent.given_on, today, **await persons.days_known(tx, person)),
    )


class Ground(NamedTuple):
    """Whether an organisation may be the one that tells, and the consent by which alone it knows what it would tell."""

    may_tell: bool
    consent_id: UUID | None = None


async def find_ground(tx: Tx, person_id: UUID, discloser_id: UUID, scope: Scope, action: Action, by_person: bool = False) -> Ground:
    """By itself an organisation tells nothing that it may not see; the person may let it."""
    found = await relations.relations_of(tx, person_id, discloser_id)
    if not rights.may(action, found):
        return Ground(False)
    if by_person or rights.may("see-identity", found):
        return Ground(True)
    shows = SHOWS_IDENTITY if scope in SHOWS_IDENTITY else get_args(Scope)
    own = await store.find_valid(tx, person_id, discloser_id, persons.today(tx), shows)
    return Ground(own is not None, own)


async def revoke(tx: Tx, person_id: UUID, consent_id: UUID) -> None:
    """By the person, the discloser or the recipient; effective on commit. A second revocation changes nothing.

    The recipient needs no relation beside the consent: it may have declined.
    """
    by_consent = not await relations.may(tx, "revoke-consent", person_id) and await store.is_recipient(tx, person_id, consent_id)
    if by_consent:
        tx.ended_right = True
        await persons.lock_known(tx, person_id)
    else:
        await persons.lock_person(tx, person_id, "revoke-consent")  # before any consent: several end together
    consent = await store.lock_consent(tx, person_id, consent_id)
    if relations.own_id(tx) is None and tx.caller.organisation_id not in consent.parties:
        raise NotFound("consent")
    await _end(tx, [consent])


async def end_guardians(tx: Tx, person_id: UUID, guardian_id: UUID | None = None) -> None:
    """What a guardian (None: any) gave or took part in ends with the guardianship. Source: mission row 000-25."""
    given = await store.lock_given_by(tx, person_id, WITH_GUARDIAN)
    await _end(tx, [consent for consent in given if guardian_id in (None, consent.guardian_id)])


async def _end(tx: Tx, consents: list[Consent]) -> None:
    """With whatever rests on them: who may not know any more lets nobody else know."""
    resting = await store.lock_resting(tx, [consent.consent_id for consent in consents])
    known = {consent.consent_id for consent in consents}
    for consent in (*consents, *(other for other in resting if other.consent_id not in known)):
        if consent.revoked_at is None:
            await store.save_revocation(tx, consent.consent_id)
            tx.append(consent.person_id, consent.revoked())


async def list_consents(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Consent]:
    await relations.must(tx, "list-consents", person_id)
    tx.audit("read-consents", person_id)
    return await store.list_consents(tx, person_id, after, limit + 1)


def is_party(tx: Tx, consent: Consent) -> bool:
    """Whether the caller may see the purpose: the person, the discloser and the recipient. Source: issue of rights, section 2."""
    return relations.own_id(tx) == consent.person_id or tx.caller.organisation_id in consent.parties


async def lock_valid(tx: Tx, person_id: UUID, to_organisation_id: UUID) -> UUID | None:
    """A consent under which the organisation may see who the person is today; a revocation waits until this transaction ends."""
    return await store.find_valid(tx, person_id, to_organisation_id, persons.today(tx), SHOWS_IDENTITY)
