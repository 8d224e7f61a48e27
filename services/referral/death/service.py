"""A death touches the person and its referrals. It counts, here and in every service, once a second person confirmed it."""

from datetime import date
from uuid import UUID

from services.referral.consent import service as consents
from services.referral.death import domain, store
from services.referral.death.domain import Said
from services.referral.journey import service as journeys
from services.referral.person import service as persons
from services.referral.person.domain import Person
from services.referral.referral import service as referrals
from shared import business_dates as dates
from shared.database import Tx
from shared.errors import NotFound
from shared.events.programme import DeathReported
from shared.events.referral import PersonDeathReversed, PersonDied


async def report(tx: Tx, person_id: UUID, said: Said) -> bool:
    """By the holder or whoever registered the person; returns whether it counts already. Source: issue of rights, section 4."""
    person = await persons.lock_person(tx, person_id, "record-death")
    today = persons.today(tx)
    wrong = dates.unmet(said.on, today, birth_on=await persons.birth_known(tx, person))
    is_history = tx.caller.has("system") and await journeys.is_all_history(tx, person_id)
    domain.check_report(said, wrong, dates.is_unlikely(said.on, today), is_history)
    if person.died_on == said.on:
        return True
    if person.death_reported_on != said.on or said.imported:
        await _report(tx, person, said, tx.caller.organisation_id, tx.caller.fingerprint)
    return said.imported


async def heard(tx: Tx, event: DeathReported) -> None:
    """A stage was left because the person died: a report like any other, from who saw it. Of who is dead here it is no news."""
    person = await persons.lock_known(tx, event.person_id)
    counts = event.imported and await journeys.is_all_history(tx, event.person_id)
    if person is None or person.erased_on or person.died_on or (person.death_reported_on == event.on and not counts):
        return
    await _report(tx, person, Said(event.on, counts), event.organisation_id, event.by)


async def _report(tx: Tx, person: Person, said: Said, organisation_id: UUID | None, by: UUID | None) -> None:
    """Keep it for a second person; imported history counts at once. `by`: the fingerprint of who says so."""
    await store.insert_entry(tx, person.person_id, "reported", said.on, organisation_id, said.reason)
    if said.imported:
        await _count(tx, person, said.on)
    else:
        await persons.save_death_report(tx, person.person_id, said.on, by)


async def unsaid(tx: Tx, person: Person | None, organisation_id: UUID) -> None:
    """Nobody left a stage of this organisation by a death after all: what it reported, and nobody confirmed yet, is withdrawn."""
    if person is None or person.death_reported_on is None or await store.find_reporter(tx, person.person_id) != organisation_id:
        return
    await store.insert_entry(tx, person.person_id, "withdrawn", person.death_reported_on, organisation_id, None)
    await persons.save_death(tx, person.person_id, person.died_on)


async def confirm(tx: Tx, person_id: UUID) -> None:
    """By another person than who reported it; what was confirmed before stays so. Raises NotFound("death") where none was reported."""
    person = await persons.lock_person(tx, person_id, "record-death")
    if person.death_reported_on is None:
        if person.died_on is None:
            raise NotFound("death")
        return
    domain.check_confirmation(person.death_reported_by, tx.caller.fingerprint)
    await store.insert_entry(tx, person_id, "confirmed", person.death_reported_on, tx.caller.organisation_id, None)
    await _count(tx, person, person.death_reported_on)


async def _count(tx: Tx, person: Person, on: date) -> None:
    """What was still waiting is cancelled, what has begun ends with its stage."""
    await persons.save_death(tx, person.person_id, on)
    tx.append(person.person_id, PersonDied(person_id=person.person_id, on=on))
    await stop(tx, person.person_id)


async def stop(tx: Tx, person_id: UUID) -> None:
    """What waits for the dead ends, and is kept for a reversal; also what a correction has opened again since."""
    await store.keep_stopped(tx, person_id)
    await referrals.withdraw_waiting(tx, person_id, "died")


async def reverse(tx: Tx, person_id: UUID, reason: str) -> None:
    """The person lives: what the death stopped goes on as it was. A report that nobody confirmed is withdrawn without a word."""
    person = await persons.lock_person(tx, person_id, "record-death")
    if person.died_on is None and person.death_reported_on is None:
        raise NotFound("death")
    change: store.Change = "reversed" if person.died_on else "withdrawn"
    await store.insert_entry(tx, person_id, change, person.died_on or person.death_reported_on, tx.caller.organisation_id, reason)
    await persons.save_death(tx, person_id, None)
    if person.died_on is not None:
        tx.append(person_id, PersonDeathReversed(person_id=person_id))
        await _go_on(tx, person)


async def _go_on(tx: Tx, person: Person) -> None:
    for stopped in await store.take_stopped(tx, person.person_id):
        due = {referrals.ANSWER_DUE: stopped["answer_due_at"], referrals.HANDOVER_DUE: stopped["handover_due_at"]}
        await referrals.reopen(tx, stopped["referral_id"], stopped["status"], due)
    if persons.period_today(tx, person) == "adult" and await persons.come_of_age(tx, person.person_id):
        await consents.end_guardians(tx, person.person_id)
