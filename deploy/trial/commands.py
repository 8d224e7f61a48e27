"""Steps as commands over HTTP: one function a step and the table that says which. Bodies are the services' own; no rule of the trial is
here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid5

from deploy.trial import made_up, steps
from deploy.trial.client import Command, Principal
from deploy.trial.dates import Calendar
from deploy.trial.made_up import AddContact, GivePermission, RaiseConcern
from deploy.trial.places import Organisation
from deploy.trial.records import Person

NAMES = UUID("6d1f0f0a-5c0e-5f4e-9a53-0094c0de0094")
PATHWAY = "addiction-rehabilitation"
SETTINGS = {"Inpatient": "inpatient", "Outpatient": "outpatient"}


@dataclass
class Ids:
    """What the services answered about one person so far, by what it names: person, journey, referral, contact."""

    person: Person
    calendar: Calendar
    region: str
    known: dict[str, str]

    def on(self, step: steps.Step) -> str:
        """The date of a step."""
        return self.calendar.on(step.day).isoformat()

    def learn(self, step: steps.Step, answer: dict[str, Any]) -> None:
        """Keep the id that this step's answer brings."""
        if name := GIVES.get(type(step)):
            self.known[name] = str(answer["id"])

    @property
    def journey(self) -> str:
        return f"/journeys/{self.known['journey']}"


def organisation_id(code: str) -> UUID:
    """An organisation's identity, the same in every run."""
    return uuid5(NAMES, code)


def key_of(person: Person, number: int, step: steps.Step) -> UUID:
    """The key of a person's n-th step: the same in every run, so that a second run changes nothing."""
    return uuid5(NAMES, f"{person.code}/{number}/{type(step).__name__}")


def announce(organisation: Organisation) -> Command:
    """Register an organisation with the service it offers. Sites are masked: its region is made up, its name is its code."""
    identity = organisation_id(organisation.code)
    service = {
        "stage": organisation.stage,
        "programme": organisation.programme or "detoxification",
        "setting": "inpatient",
        "status": "active",
        "places_free": None,
        "places_as_of": None,
    }
    body = {
        "name": organisation.code,
        "level": "meso",
        "kind": "medical-organisation",
        "region": made_up.region(organisation.site),
        "services": [service],
    }
    return Command(Principal("registrar", identity), "PUT", "referral", f"/organisations/{identity}", body)


def confirm(organisation: Organisation) -> Command:
    """The ministry confirms it for the stage of its service: until then nobody is referred to it."""
    body = {"kind": "medical-organisation", "level": "meso", "stages": [{"pathway": PATHWAY, "stage": organisation.stage}]}
    path = f"/organisations/{organisation_id(organisation.code)}/confirmation"
    return Command(Principal("ministry"), "PUT", "referral", path, body)


def command(step: steps.Step, ids: Ids) -> Command:
    """The command of a step; what it needs from earlier answers is in `ids`."""
    return COMMANDS[type(step)](step, ids)


def _system(code: str) -> Principal:
    return Principal("system", organisation_id(code))


def _register(step: steps.RegisterPerson, ids: Ids) -> Command:
    body = {
        "name": ids.person.code,
        "birth_on": None,
        "region": ids.region,
        "life_period": "adult",
        "categories": [{"code": "addiction", "since": ids.on(step), "until": None}],
    }
    return Command(_system(step.clinic), "POST", "referral", "/persons", body)


def _open(step: steps.OpenJourney, ids: Ids) -> Command:
    body = {"person_id": ids.known["person"], "pathway": PATHWAY, "opened_on": ids.on(step), "imported": True}
    return Command(_system(step.clinic), "POST", "programme", "/journeys", body)


def _address(step: steps.AddressReferral, ids: Ids) -> Command:
    body = {
        "person_id": ids.known["person"],
        "journey_id": ids.known["journey"],
        "stage": step.stage,
        "to_organisation_id": str(organisation_id(step.to)),
        "source": "3",
        "imported": True,
    }
    return Command(_system(step.clinic), "POST", "referral", "/referrals", body)


def _accept(step: steps.AcceptReferral, ids: Ids) -> Command:
    path = f"/referrals/{ids.known['referral']}/status"
    return Command(_system(step.to), "POST", "referral", path, {"to": "accepted", "reason": None})


def _start(step: steps.StartStage, ids: Ids) -> Command:
    detoxification = step.stage == steps.DETOXIFICATION
    arm = ids.person.randomization.treatment.split()[0] if ids.person.randomization else "Outpatient"
    body = {
        "started_on": ids.on(step),
        "setting": "inpatient" if detoxification else SETTINGS.get(arm, "outpatient"),
        "programme": "detoxification" if detoxification else step.at.split("-", 3)[3],
        "planned_until": None,
        "responsible_doctor": None,
        "warning_reason": None,
    }
    return Command(_system(step.at), "PUT", "programme", f"{ids.journey}/stages/{step.stage}/start", body, early=True)


def _complete(step: steps.CompleteStage, ids: Ids) -> Command:
    body = {"completed_on": ids.on(step), "outcome": None, "next_organisation_id": _next(step)}
    return Command(_system(step.at), "PUT", "programme", f"{ids.journey}/stages/{step.stage}/completion", body)


def _leave(step: steps.LeaveStage, ids: Ids) -> Command:
    body = {"left_on": ids.on(step), "how": step.reason, "reason": None, "next_organisation_id": _next(step)}
    return Command(_system(step.at), "PUT", "programme", f"{ids.journey}/stages/{step.stage}/leaving", body)


def _next(step: steps.CompleteStage) -> str | None:
    return str(organisation_id(step.next_at)) if step.next_at else None


def _observe(step: steps.RecordObservations, ids: Ids) -> Command:
    results = [{"week": week, "result": result} for week, result in step.results]
    body = {"stage": step.stage, "spell": None, "results": results, "closes_record": step.closes}
    return Command(_system(step.at), "PUT", "programme", f"{ids.journey}/observations", body)


def _withdrawal(step: steps.RecordWithdrawal, ids: Ids) -> Command:
    scores = [{"on": ids.calendar.on(day).isoformat(), "score": score} for day, score in step.scores]
    return Command(_system(step.at), "PUT", "programme", f"{ids.journey}/withdrawal-scores", {"scores": scores})


def _died(step: steps.ReportDied, ids: Ids) -> Command:
    return Command(_system(step.clinic), "PUT", "referral", f"/persons/{ids.known['person']}/death", {"on": ids.on(step)})


def _confirm_died(step: steps.ConfirmDied, ids: Ids) -> Command:
    second = Principal("system", organisation_id(step.clinic), f"second@{step.clinic}")
    return Command(second, "POST", "referral", f"/persons/{ids.known['person']}/death/confirmation", {})


def _contact(step: AddContact, ids: Ids) -> Command:
    contact = step.contact
    body = {
        "name": contact.code,
        "relation": contact.relation,
        "kind": contact.kind,
        "majority": "adult",
        "language": contact.language,
        "email": contact.email,
        "organisation_id": None,
    }
    return Command(_system(step.clinic), "POST", "family", f"/persons/{ids.known['person']}/contacts", body)


def _permit(step: GivePermission, ids: Ids) -> Command:
    body = {
        "topics": list(step.contact.topics),
        "channels": ["inbox", "email"],
        "until": None,
        "given_by": "person",
        "given_on": ids.on(step),
    }
    return Command(_system(step.clinic), "POST", "family", f"/contacts/{ids.known['contact']}/permissions", body)


def _concern(step: RaiseConcern, ids: Ids) -> Command:
    contact = Principal("contact", sub=ids.known["contact"])
    body = {
        "link": ids.known["contact"],
        "description": None,
        "signs": [{"sign": step.sign, "before": None, "now": None}],
        "worldview": "not-known",
    }
    return Command(contact, "POST", "family", "/concerns", body)


GIVES: dict[type[steps.Step], str] = {
    steps.RegisterPerson: "person",
    steps.OpenJourney: "journey",
    steps.AddressReferral: "referral",
    AddContact: "contact",
}

COMMANDS: dict[type[steps.Step], Callable[[Any, Ids], Command]] = {
    steps.RegisterPerson: _register,
    steps.OpenJourney: _open,
    steps.StartStage: _start,
    steps.CompleteStage: _complete,
    steps.LeaveStage: _leave,
    steps.AddressReferral: _address,
    steps.AcceptReferral: _accept,
    steps.RecordObservations: _observe,
    steps.RecordLateObservations: _observe,
    steps.RecordWithdrawal: _withdrawal,
    steps.ReportDied: _died,
    steps.ConfirmDied: _confirm_died,
    AddContact: _contact,
    GivePermission: _permit,
    RaiseConcern: _concern,
}
