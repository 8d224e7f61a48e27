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

TOLD = Contact(code="contact-example", relation="mother", kind="family", language="en", topics=("referral", "stage"))
UNTOLD = replace(TOLD, code="contact-example-untold", relation="father", topics=())
# The journey's opening and the stage's start come before it in the person's stream.
SEQ_OF_COMPLETION = 3
# The hand-over 1->2 comes first in them.
FIGURES = "make -s figures JSON=1"


@dataclass(frozen=True, slots=True)
class Example:
    """What the printed commands name. `seq` is the number the completion will have in the person's stream on topic `programme`."""

    person_id: str
    journey_id: str
    clinic: UUID
    next_organisation: UUID
    told: str
    untold: str
    seq: int = SEQ_OF_COMPLETION


async def prepare(sender: Sender, trial: list[Person], today: date) -> Example:
    """Register the person, open a journey that is not imported, start stage 1, add two contacts, permit one; again changes nothing."""
    model = next(person for person in trial if person.randomization)
    clinic = places.clinic(model)
    ids = Ids(replace(model, who=0), Calendar(today), made_up.region(clinic.site), {})
    steps: list[Step] = [
        RegisterPerson(day=0, clinic=clinic.code),
        OpenJourney(day=0, clinic=clinic.code),
        StartStage(day=0, stage=1, at=clinic.code),
        AddContact(day=0, clinic=clinic.code, contact=TOLD),
        GivePermission(day=0, clinic=clinic.code, contact=TOLD),
    ]
    for step in steps:
        await _send(sender, step, ids, today)
    told = ids.known["contact"]
    await _send(sender, AddContact(day=0, clinic=clinic.code, contact=UNTOLD), ids, today)
    to = organisation_id(places.programme(model).code)
    return Example(ids.known["person"], ids.known["journey"], organisation_id(clinic.code), to, told, ids.known["contact"])


async def _send(sender: Sender, step: Step, ids: Ids, today: date) -> None:
    what = command(step, ids)
    what.body.update(_differing(step, today))
    of = step.contact.code if isinstance(step, AddContact) else ""
    ids.learn(step, await sender.send(what, uuid5(NAMES, f"example/{today}/{type(step).__name__}/{of}")))


def _differing(step: Step, today: date) -> dict[str, object]:
    """What sets the example apart from a record of the trial."""
    if isinstance(step, RegisterPerson):
        return {"name": f"{made_up.MARK}-{today:%Y%m%d}"}
    if isinstance(step, OpenJourney):
        return {"imported": False}
    return {"responsible_doctor": f"{made_up.MARK}-doctor"} if isinstance(step, StartStage) else {}


def walk(example: Example, services: Mapping[str, str], today: date) -> list[tuple[str, str]]:
    """What to type in a shell in this folder, each with what it does. Tokens come from `make token`."""
    seen = f"/seen/programme/{example.person_id}/{example.seq}"
    referral, family = services["referral"], services["family"]
    receiver = f"ROLE=coordinator ORG={example.next_organisation}"
    return [
        ("Complete stage 1 of the example person", _completion(example, services["programme"], today)),
        *((f"{name} has it", _ask("ROLE=operator", services[name] + seen)) for name in ("referral", "family", "monitoring")),
        ("The next referral, as its receiver sees it", _ask(receiver, f"{referral}/referrals?direction=in&status=requested&limit=1")),
        ("The messages of the permitted contact", _ask(f"ROLE=contact SUB={example.told}", f"{family}/messages")),
        ("The other contact has none", _ask(f"ROLE=contact SUB={example.untold}", f"{family}/messages")),
        ("The exact figures count it: one more than above has completed stage 1", f"{FIGURES} | grep -m 1 '\"completed\"'"),
    ]


def _completion(example: Example, programme: str, today: date) -> str:
    body = f'{{"completed_on": "{today}", "next_organisation_id": "{example.next_organisation}"}}'
    key = uuid5(NAMES, f"example/{example.journey_id}/completion")
    return (
        f"curl -i -X PUT {_as(f'ROLE=clinician ORG={example.clinic}')} \\\n"
        f'  -H "Idempotency-Key: {key}" -H "Content-Type: application/json" \\\n'
        f"  -d '{body}' \\\n"
        f"  {programme}/journeys/{example.journey_id}/stages/1/completion; echo"
    )


def _ask(who: str, url: str) -> str:
    return f'curl -s {_as(who)} \\\n  "{url}"; echo'


def _as(who: str) -> str:
    return f'-H "Authorization: Bearer $(make -s token {who})"'
