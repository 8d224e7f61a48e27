"""What can be asked about sharing consents."""

from uuid import UUID

from services.referral.consent import domain, store
from services.referral.consent.domain import Consent
from services.referral.person import service as persons
from services.referral.region import service as regions
from shared.database import Tx


async def give(tx: Tx, consent: Consent) -> None:
    """Record a consent. Source: mission rows 002-23, 000-25; privacy section 4."""
    person = await persons.lock_person(tx, consent.person_id)
    own = persons.own_id(tx) is not None
    organisation_id = None if own else tx.caller.organisation_id
    domain.check_consent(consent, persons.period_today(tx, person), organisation_id, regions.latest_day(tx))
    await store.insert_consent(tx, consent)
    tx.append(consent.person_id, consent.given())


async def revoke(tx: Tx, person_id: UUID, consent_id: UUID) -> None:
    """Effective on commit; a second revocation changes nothing."""
    await persons.must_relate(tx, person_id)
    consent = await store.lock_consent(tx, person_id, consent_id)
    if consent.revoked_at is None:
        await store.save_revocation(tx, consent_id)
        tx.append(person_id, consent.revoked())


async def list_consents(tx: Tx, person_id: UUID, after: UUID, limit: int) -> list[Consent]:
    await persons.must_relate(tx, person_id)
    tx.audit("read-consents", person_id)
    return await store.list_consents(tx, person_id, after, limit + 1)


async def lock_valid(tx: Tx, person_id: UUID, to_organisation_id: UUID) -> UUID | None:
    """A consent under which the organisation may see who the person is today; a revocation waits until this transaction ends."""
    return await store.find_valid(tx, person_id, to_organisation_id, tx.now.date())
