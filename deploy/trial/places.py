"""The organisations behind the records: a clinic per site for stage 1, one per site and arm for stage 2, so that every hand-over crosses
a border.

Sites are masked in the data; an organisation's name is its record code. Regions are made up: see made_up.py.
"""

from dataclasses import dataclass

from deploy.trial.records import Person
from deploy.trial.steps import DETOXIFICATION, TREATMENT

PROGRAMMES = {
    "Inpatient BUP": "buprenorphine",
    "Inpatient NR-NTX": "naltrexone",
    "Outpatient BUP": "buprenorphine",
    "Outpatient BUP + EMM": "buprenorphine-emm",
    "Outpatient BUP + SMM": "buprenorphine-smm",
    "Methadone": "methadone",
}
UNRECORDED = "unrecorded"


@dataclass(frozen=True, slots=True)
class Organisation:
    """`programme` is the arm's short label for a stage-2 organisation, None for a clinic."""

    code: str
    site: str
    stage: int
    programme: str | None


def clinic(person: Person) -> Organisation:
    """The clinic of stage 1 at the person's site."""
    site = _site(person)
    return Organisation(f"{site}-detoxification", site, DETOXIFICATION, None)


def programme(person: Person) -> Organisation:
    """The organisation of stage 2 at the person's site and arm; one person of trial 0027 has doses but no recorded arm."""
    site = _site(person)
    arm = PROGRAMMES[person.randomization.treatment] if person.randomization else UNRECORDED
    return Organisation(f"{site}-{arm}", site, TREATMENT, arm)


def organisations(persons: list[Person]) -> list[Organisation]:
    """Every organisation these persons meet, each once, in the order of their codes."""
    met = {clinic(person) for person in persons}
    met |= {programme(person) for person in persons if person.randomization or person.doses}
    return sorted(met, key=lambda organisation: organisation.code)


def _site(person: Person) -> str:
    return f"{person.project:04d}-site-{int(person.site):02d}"
