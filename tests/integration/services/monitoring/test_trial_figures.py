"""The figures of the real trial records, delivered as facts: what the whole system must show as well."""

from collections.abc import Iterator
from datetime import date, timedelta
from uuid import NAMESPACE_OID, uuid5

import pytest

from deploy.trial import mapping, places, records, steps
from deploy.trial.records import Person
from services.monitoring.figures import FIGURES
from services.monitoring.release import service as releases
from shared.events import Event
from tests.builders_monitoring import Story, an_organisation
from tests.harness import ServiceUnderTest

DAY_0 = date(2024, 6, 1)


def organisation_id(code: str):  # type: ignore[no-untyped-def]
    return uuid5(NAMESPACE_OID, code)


def facts_of(person: Person) -> Iterator[Event]:
    """One person's steps as the facts that referral and programme would tell."""
    story = Story(organisation_id(places.clinic(person).code), uuid5(NAMESPACE_OID, person.code), uuid5(NAMESPACE_OID, f"j{person.code}"))
    referral_id = uuid5(NAMESPACE_OID, f"r{person.code}")
    for step in mapping.steps(person):
        on = DAY_0 + timedelta(days=step.day)
        match step:
            case steps.OpenJourney():
                yield story.opened(on, imported=True)
            case steps.AddressReferral():
                yield story.referred(referral_id, step.stage, organisation_id(step.to))
            case steps.AcceptReferral():
                yield story.answered(referral_id, step.stage, organisation_id(step.to))
            case steps.StartStage():
                yield story.started(step.stage, on, organisation_id(step.at))
            case steps.LeaveStage():
                yield story.left(step.stage, on, step.reason, organisation_id(step.at))
            case steps.CompleteStage():
                yield story.completed(step.stage, on, organisation_id(step.at))


@pytest.fixture
async def replayed(monitoring: ServiceUnderTest) -> ServiceUnderTest:
    persons = records.read("0051")
    for place in places.organisations(persons):
        await monitoring.deliver(an_organisation(organisation_id(place.code), "UZ-TK", place.programme or "detoxification", place.stage))
    events = [event for person in persons for event in facts_of(person)]
    for start in range(0, len(events), 2_000):
        await monitoring.deliver(*events[start : start + 2_000])
    return monitoring


async def test_the_hand_over_and_the_funnel_of_trial_0051(replayed: ServiceUnderTest) -> None:
    async with replayed.worker.transaction() as tx:
        exact = await releases.exact_figures(tx.connection, FIGURES, tx.now)
    hand_over = exact["handovers"][0]
    assert {name: hand_over[name] for name in ("completed", "exempt", "overlapping", "later", "declined", "waiting", "lost")} == {
        "completed": 653,
        "exempt": 0,
        "overlapping": 71,
        "later": 8,
        "declined": 0,
        "waiting": 0,
        "lost": 180,
    }
    assert hand_over["within_days"] == {"7": 237, "14": 328, "21": 375, "30": 394}
    funnel = {row["programme"]: (row["referred"], row["started"]) for row in exact["referral_funnel"]}
    assert funnel == {"naltrexone": (283, 204), "buprenorphine": (287, 270)}


async def test_the_release_withholds_later_and_another_cell(replayed: ServiceUnderTest) -> None:
    async with replayed.worker.transaction() as tx:
        assert await releases.make_release(tx, FIGURES, tx.now)
        _, rows = await releases.list_rows(tx, "handovers", None)
    row = rows[0]
    shown = {**row, **{f"within-{days}": number for days, number in row["within_days"].items()}}
    gone = {name for name in ("overlapping", "within-7", "within-14", "within-21", "within-30", "later", "lost") if shown[name] is None}
    assert "later" in gone
    assert len(gone) >= 2
    assert row["completed"] == 653
