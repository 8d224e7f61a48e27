"""The commands of the load: what happens to one person, step by step, over all four services. Sends nothing and waits for nothing.

A walk is a generator: it yields a command and is given the answer's id ("" where a refusal was possible and came). What must be heard
of elsewhere first is a walk of its own, so that nothing else waits for it while the broker is away.
"""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from uuid import UUID

from tests.fault.ledger import Command

Walk = Generator[Command, str, None]
REGIONS = ("UZ-TK", "UZ-SA", "UZ-FA")
STAGES = (1, 2, 3)


@dataclass(frozen=True)
class Clinic:
    """An organisation that offers one stage."""

    organisation_id: UUID
    stage: int
    region: str

    def command(
        self, name: str, method: str, where: str, body: Mapping[str, object], tells: tuple[str, ...] | None = (), may_fail: bool = False
    ) -> Command:
        """As the clinic's own system; `where` is the service and the path."""
        service, _, path = where.partition("/")
        return Command(name, "system", self.organisation_id, method, service, f"/{path}", dict(body), tells, may_fail=may_fail)


@dataclass
class Surroundings:
    """What walks share: chance, clinics, today, and how a walk begins another beside it."""

    chance: Random
    today: date
    clinics: list[Clinic]
    begin: Callable[[Walk], None]
    instructions: list[UUID] = field(default_factory=list)

    def clinic(self, stage: int) -> Clinic:
        return self.chance.choice([clinic for clinic in self.clinics if clinic.stage == stage])

    def ago(self, days: int) -> str:
        """Less than a week: a week that passed without a result is a fact that no command told."""
        assert days < 7
        return (self.today - timedelta(days=days)).isoformat()

    def new_id(self) -> UUID:
        return UUID(int=self.chance.getrandbits(128), version=4)


def clinics(chance: Random) -> list[Clinic]:
    """Two for each stage; region and identity by chance."""
    return [Clinic(UUID(int=chance.getrandbits(128), version=4), stage, chance.choice(REGIONS)) for stage in STAGES for _ in range(2)]


def entered(clinic: Clinic, today: date) -> Walk:
    """Its registrar enters it, then the ministry confirms it: until then nobody is referred to it."""
    yield announcement(clinic, today)
    body: dict[str, object] = {"kind": "medical-organisation", "level": "meso", "stages": [clinic.stage]}
    path = f"/organisations/{clinic.organisation_id}/confirmation"
    yield Command("confirm", "ministry", None, "PUT", "referral", path, body, ("organisation_changed",))


def announcement(clinic: Clinic, today: date) -> Command:
    service = {
        "stage": clinic.stage,
        "programme": f"programme-{clinic.stage}",
        "setting": "inpatient",
        "status": "active",
        "places_free": 500,
        "places_as_of": today.isoformat(),
    }
    body = {
        "name": f"clinic-{clinic.stage}",
        "level": "meso",
        "kind": "medical-organisation",
        "region": clinic.region,
        "services": [service],
    }
    path = f"/organisations/{clinic.organisation_id}"
    return Command("announce", "registrar", clinic.organisation_id, "PUT", "referral", path, body, ("organisation_changed",))


def person(about: Surroundings) -> Walk:
    """Registered, on the pathway, through stage 1, handed over to stage 2; then one of several ends."""
    chance, first, second = about.chance, about.clinic(1), about.clinic(2)
    body: dict[str, object] = {"name": f"record-{chance.getrandbits(32)}", "birth_on": None, "region": first.region, "life_period": "adult"}
    since = [{"code": "addiction", "since": about.ago(6), "until": None}]
    person_id = yield first.command("register", "POST", "referral/persons", body | {"categories": since}, ("person_registered",))
    opened: dict[str, object] = {"person_id": person_id, "pathway": "addiction-rehabilitation", "opened_on": about.ago(6)}
    journey_id = yield first.command("open", "POST", "programme/journeys", opened, ("journey_opened",))
    about.begin(circle(about, first, person_id))
    if chance.random() < 0.3:
        about.begin(consent(about, first, second, person_id))
    yield start(about, first, journey_id, 6)
    if chance.random() < 0.15:
        path = f"programme/journeys/{journey_id}/stages/3/completion"
        yield first.command("too-early", "PUT", path, {"completed_on": about.ago(5)}, may_fail=True)
    yield from accepted(first, second, (person_id, journey_id))
    if chance.random() < 0.2:
        yield amended_start(about, first, journey_id, 5)
    yield from completed(about, first, journey_id, 4, second)
    yield early(start(about, second, journey_id, chance.randint(1, 4)))
    yield from chance.choice((relapse, on_to_three, leave, die, stay))(about, second, (person_id, journey_id))


def start(about: Surroundings, at: Clinic, journey_id: str, days_ago: int) -> Command:
    body = {
        "started_on": about.ago(days_ago),
        "setting": "inpatient",
        "programme": f"programme-{at.stage}",
        "responsible_doctor": "staff-1",
    }
    return stage_command(at, journey_id, at.stage, "start", body, ("stage_started",))


def complete(about: Surroundings, at: Clinic, journey_id: str, days_ago: int, to: Clinic | None) -> Command:
    body = {"completed_on": about.ago(days_ago), "next_organisation_id": str(to.organisation_id) if to else None}
    return stage_command(at, journey_id, at.stage, "completion", body, ("stage_completed",))


def completed(about: Surroundings, at: Clinic, journey_id: str, days_ago: int, to: Clinic | None) -> Walk:
    """Often by mistake first: what the completion did is undone before it is done again."""
    yield complete(about, at, journey_id, days_ago, to)
    if about.chance.random() < 0.3:
        path = f"programme/journeys/{journey_id}/stages/{at.stage}/end/entered-in-error"
        yield at.command("not-completed", "POST", path, {"correction_reason": "mistyped", "spell": 1}, ("stay_corrected",))
        yield complete(about, at, journey_id, days_ago, to)


def amended_start(about: Surroundings, at: Clinic, journey_id: str, days_ago: int) -> Command:
    """On another day than was told."""
    body = {**start(about, at, journey_id, days_ago).body, "correction_reason": "mistyped"}
    path = f"programme/journeys/{journey_id}/stages/{at.stage}/start/amendment"
    return at.command("amend-start", "POST", path, body, ("stay_corrected",))


def stage_command(at: Clinic, journey_id: str, stage: int, what: str, body: Mapping[str, object], tells: tuple[str, ...] | None) -> Command:
    return at.command(what, "PUT", f"programme/journeys/{journey_id}/stages/{stage}/{what}", body, tells)


Ids = tuple[str, str]


def relapse(about: Surroundings, at: Clinic, ids: Ids) -> Walk:
    """During stage 2, or after it, which reopens it."""
    if about.chance.random() < 0.5:
        yield complete(about, at, ids[1], 1, None)
    body: dict[str, object] = {"stage": at.stage, "reopens": None, "on": about.ago(1)}
    yield at.command("relapse", "POST", f"programme/journeys/{ids[1]}/relapses", body, ("return_recorded", "return_assessed"))
    scores: dict[str, object] = {"scores": [{"on": about.ago(1), "score": about.chance.randint(0, 3)}]}
    yield at.command("withdrawal", "PUT", f"programme/journeys/{ids[1]}/withdrawal-scores", scores, ("withdrawal_scored",))


def on_to_three(about: Surroundings, at: Clinic, ids: Ids) -> Walk:
    """A clinic may not act on the journey before its acceptance is heard of."""
    third = about.clinic(3)
    named = about.chance.random() < 0.5
    if named:
        yield from accepted(at, third, ids)
    yield from completed(about, at, ids[1], 1, third if named else None)
    if named:
        yield early(start(about, third, ids[1], 0))
    else:
        yield stage_command(at, ids[1], 4, "skip", {"how": "not-needed", "reason": "not-eligible"}, ("stage_skipped",))


def leave(about: Surroundings, at: Clinic, ids: Ids) -> Walk:
    how = about.chance.choice(("dropped-out", "incarcerated", "other"))
    yield stage_command(at, ids[1], at.stage, "leaving", {"left_on": about.ago(1), "how": how, "reason": "moved"}, ("stage_left",))


def die(about: Surroundings, at: Clinic, ids: Ids) -> Walk:
    """Told by the clinic of stage 2 and confirmed by a second person there; referral may not have heard that it has the person."""
    path = f"referral/persons/{ids[0]}/death"
    reported = yield at.command("die", "PUT", path, {"on": about.ago(0)}, (), may_fail=True)
    if reported:
        confirmed = at.command("confirm", "POST", f"{path}/confirmation", {}, None, may_fail=True)
        yield replace(confirmed, sub=f"second@{at.organisation_id}")


def stay(about: Surroundings, at: Clinic, ids: Ids) -> Walk:
    if about.chance.random() < 0.1:
        yield instruction(about)


def instruction(about: Surroundings) -> Command:
    body = {"title": "open a stage", "regions": list(REGIONS), "measure": "stage-4-places", "due_on": None}
    return Command("instruct", "ministry", None, "POST", "monitoring", "/instructions", body, ("instruction_issued",))


def circle(about: Surroundings, at: Clinic, person_id: str) -> Walk:
    """A contact, what it may be told, often a concern of its own; sometimes the permission is revoked. Who died gets none any more."""
    chance = about.chance
    by_mail = chance.random() < 0.4
    email = f"contact-{chance.getrandbits(48):012x}@example.org" if by_mail else None
    body: dict[str, object] = {"name": "contact", "relation": "parent", "kind": "family", "language": "ru", "email": email}
    contact_id = yield at.command("contact", "POST", f"family/persons/{person_id}/contacts", body, may_fail=True)
    if not contact_id:
        return
    topics = ["referral", "stage", "relapse"][: chance.randint(1, 3)]
    channels = ["inbox", "email"] if by_mail else ["inbox"]
    given: dict[str, object] = {"topics": topics, "channels": channels, "until": None, "given_by": "person", "given_on": about.ago(0)}
    permission_id = yield at.command("permit", "POST", f"family/contacts/{contact_id}/permissions", given, may_fail=True)
    if chance.random() < 0.4:
        about.begin(concern(about, at, contact_id))
    if permission_id and chance.random() < 0.3:
        path = f"family/contacts/{contact_id}/permissions/{permission_id}/revocation"
        yield at.command("revoke", "POST", path, {}, None)


def concern(about: Surroundings, at: Clinic, contact_id: str) -> Walk:
    """Raised by the contact over its own link, answered by the clinic's liaison unless another holds the person meanwhile."""
    body = {"link": contact_id, "description": None, "signs": [{"sign": "mood-swings"}], "worldview": "not-known"}
    concern_id = yield Command("concern", "contact", None, "POST", "family", "/concerns", body, (), sub=contact_id)
    if about.chance.random() < 0.5:
        path = f"/concerns/{concern_id}/answer"
        told = ("concern_read", "concern_answered")
        yield Command("answer", "liaison", at.organisation_id, "POST", "family", path, {"measure": "talked"}, told, may_fail=True)


def consent(about: Surroundings, at: Clinic, to: Clinic, person_id: str) -> Walk:
    """By who registered the person, where the other's entry is there already."""
    body: dict[str, object] = {
        "scope": "referral",
        "discloser_organisation_id": str(at.organisation_id),
        "to_organisation_id": str(to.organisation_id),
        "purpose": "treatment",
        "given_on": about.ago(0),
        "how": "written",
        "until": None,
    }
    consent_id = yield at.command("consent", "POST", f"referral/persons/{person_id}/consents", body, ("consent_given",), may_fail=True)
    if consent_id and about.chance.random() < 0.5:
        path = f"referral/persons/{person_id}/consents/{consent_id}/revocation"
        yield at.command("withdraw", "POST", path, {}, ("consent_revoked",))


def accepted(at: Clinic, to: Clinic, ids: Ids) -> Walk:
    """Asked for before the stage was completed, and accepted: only then may the next clinic start."""
    body: dict[str, object] = {
        "person_id": ids[0],
        "journey_id": ids[1],
        "stage": to.stage,
        "to_organisation_id": str(to.organisation_id),
        "source": "3",
    }
    referral_id = yield early(at.command("refer", "POST", "referral/referrals", body, None))
    path = f"referral/referrals/{referral_id}/status"
    yield to.command("accept", "POST", path, {"to": "accepted", "reason": None}, None)


def early(command: Command) -> Command:
    """Its service may not have heard of what it builds on: a 404 is asked again."""
    return replace(command, early=True)
