"""What can be asked about requests for a consent. The one asked by a referral asks; the discloser or the person answers."""

from typing import NamedTuple
from uuid import UUID, uuid4

from services.referral.consent import service as consents
from services.referral.consent.domain import Consent, Scope
from services.referral.consent_request import domain, store
from services.referral.consent_request.domain import ConsentRequest
from services.referral.person import service as persons
from services.referral.referral import service as referrals
from services.referral.referral.domain import Referral
from services.referral.relation import service as relations
from services.referral.transition.domain import TAKEN
from shared.database import Tx
from shared.errors import NotFound


class Listed(NamedTuple):
    """A request as its reader sees it: who was only asked sees no pseudonym."""

    request: ConsentRequest
    names_person: bool


async def ask(tx: Tx, referral_id: UUID, scope: Scope, purpose: str) -> UUID:
    """Ask the sender, or who registered the person where the sender may not tell it; the same question once. Source: privacy section 4."""
    organisation_id = tx.caller.organisation_id
    referral = await referrals.lock_asked(tx, referral_id, organisation_id)
    if referral is None or organisation_id is None:
        raise NotFound("referral")
    tx.about.add(referral.person_id if referral.status in TAKEN else referral_id)
    if known := await store.find_open(tx, referral_id, organisation_id, scope):
        return known.consent_request_id
    discloser = await _who_tells(tx, referral, scope)
    domain.check_asking(discloser, organisation_id)
    assert discloser is not None, "checked"
    request = ConsentRequest(
        consent_request_id=uuid4(),
        referral_id=referral_id,
        person_id=referral.person_id,
        scope=scope,
        purpose=purpose,
        discloser_organisation_id=discloser,
        to_organisation_id=organisation_id,
        asked_at=tx.now,
    )
    await store.insert_request(tx, request)
    return request.consent_request_id


async def _who_tells(tx: Tx, referral: Referral, scope: Scope) -> UUID | None:
    sender = referral.from_organisation_id
    if sender and (await consents.find_ground(tx, referral.person_id, sender, scope, "answer-consent-request")).may_tell:
        return sender
    person = await persons.find_person(tx, referral.person_id)
    return person.registered_by if person else None


async def confirm(tx: Tx, consent_request_id: UUID, said: dict[str, object]) -> UUID:
    """The person gave it: only now is it a consent. `said`: when, by whom, how, until when. Returns its id."""
    request = await _lock_answerable(tx, consent_request_id)
    named = request.model_dump(include={"person_id", "scope", "purpose", "discloser_organisation_id", "to_organisation_id"})
    consent = Consent.model_validate({"consent_id": uuid4(), **named, **said})
    await consents.give(tx, consent, "answer-consent-request", request.referral_id)
    await store.save_answer(tx, consent_request_id, "given", consent.consent_id)
    return consent.consent_id


async def decline(tx: Tx, consent_request_id: UUID) -> None:
    """It is not given; the organisation may ask again."""
    await _lock_answerable(tx, consent_request_id)
    await store.save_answer(tx, consent_request_id, "refused", None)


async def _lock_answerable(tx: Tx, consent_request_id: UUID) -> ConsentRequest:
    """Raises NotFound for all but the discloser and the person."""
    request = await store.lock_request(tx, consent_request_id)
    own = relations.own_id(tx)
    is_asked = request.person_id == own if own else request.discloser_organisation_id == tx.caller.organisation_id
    if not is_asked or not await relations.may(tx, "answer-consent-request", request.person_id):
        raise NotFound("consent-request")
    await persons.lock_person(tx, request.person_id, "answer-consent-request")  # persons before referrals, like everybody
    stands = await referrals.lock_asked(tx, request.referral_id, request.to_organisation_id)
    domain.check_answer(request, stands is not None)
    return request


async def list_requests(tx: Tx, after: UUID, limit: int) -> list[Listed]:
    """Those that the caller's organisation asked or is asked by; a person's own."""
    own = relations.own_id(tx)
    found = await store.list_requests(tx, own, None if own else tx.caller.organisation_id, after, limit + 1)
    related = await relations.list_related(tx, {request.person_id for request in found})
    for request in found[:limit]:
        tx.audit("read-consent-request", request.person_id)
    return [Listed(request, request.person_id in related) for request in found]
