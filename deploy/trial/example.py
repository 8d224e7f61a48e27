"""One made-up person who stays in stage 1, so that a reader can complete it with a printed curl and watch it arrive. Not a trial record."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID, uuid5

from deploy.trial import made_up, places
from deploy.trial.client import Sender
from deploy.trial.commands import NAMES, Ids, command, organisation_id
from deploy.trial.dates import Calendar
from deploy.trial.made_up import AddContact, Contact, GivePermission
from deploy.trial.records import Person
from deploy.trial.steps import OpenJourney, RegisterPerson, StartStage, Step

FORTNIGHT = 14
CONTACT = Contact(code="contact-example", relation="mother", kind="family", language="en", topics=("referral", "stage"))


@dataclass(frozen=True, slots=True)
class Example:
    """What the printed curls name. `seq` is the number the completion will have in the person's stream on topic `programme`."""

    person_id: str
    journey_id: str
    clinic: UUID
    next_organisation: UUID
    seq: int


async def prepare(sender: Sender, trial: list[Person], today: date) -> Example:
    """Register the person, open a journey that is not imported, start stage 1, permit a contact; again the same changes nothing."""
    model = next(person for person in trial if person.randomization)
    person = replace(model, who=0)
    clinic = places.clinic(model)
    ids = Ids(person, Calendar(today), made_up.region(clinic.site), {})
    steps: list[Step] = [
        RegisterPerson(day=0, clinic=clinic.code),
        OpenJourney(day=0, clinic=clinic.code),
        StartStage(day=0, stage=1, at=clinic.code),
        AddContact(day=0, clinic=clinic.code, contact=CONTACT),
        GivePermission(day=0, clinic=clinic.code, contact=CONTACT),
    ]
    for step in steps:
        what = command(step, ids)
        what.body.update(_differing(step, today))
        ids.learn(step, await sender.send(what, uuid5(NAMES, f"example/{today}/{type(step).__name__}")))
    to = organisation_id(places.programme(model).code)
    return Example(ids.known["person"], ids.known["journey"], organisation_id(clinic.code), to, seq=3)


def _differing(step: Step, today: date) -> dict[str, object]:
    """What sets the example apart from a record of the trial."""
    if isinstance(step, RegisterPerson):
        return {"name": f"{made_up.MARK}-{today:%Y%m%d}"}
    if isinstance(step, OpenJourney):
        return {"imported": False}
    return {"responsible_doctor": f"{made_up.MARK}-doctor"} if isinstance(step, StartStage) else {}


def walk(example: Example, services: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    """What to type, each with what it does. Tokens come from `make token`."""
    body = f'{{"completed_on": "{today}", "outcome": null, "next_organisation_id": "{example.next_organisation}"}}'
    key = uuid5(NAMES, f"example/{example.journey_id}/completion")
    clinician, operator = f"make -s token ROLE=clinician ORG={example.clinic}", "make -s token ROLE=operator"
    complete = (
        f'curl -i -X PUT -H "Authorization: Bearer $({clinician})" -H "Idempotency-Key: {key}" -H "Content-Type: application/json" '
        f"-d '{body}' {services['programme']}/journeys/{example.journey_id}/stages/1/completion"
    )
    seen = f"/seen/programme/{example.person_id}/{example.seq}"
    arriving = [
        (f"and {listener} has it", f'curl -s -H "Authorization: Bearer $({operator})" {services[listener]}{seen}')
        for listener in ("referral", "family", "monitoring")
    ]
    coordinator, liaison = (f"make -s token ROLE={role} ORG={example.clinic}" for role in ("coordinator", "liaison"))
    return [
        ("complete stage 1 of the example person", complete),
        *arriving,
        (
            "the referral it opened",
            f'curl -s -H "Authorization: Bearer $({coordinator})" "{services["referral"]}/referrals?direction=out&status=requested"',
        ),
        ("the message for the permitted contact", f'curl -s -H "Authorization: Bearer $({liaison})" {services["family"]}/messages'),
    ]
