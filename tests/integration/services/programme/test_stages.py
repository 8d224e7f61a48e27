"""Journeys and their stages over HTTP on a real database: once, twice, refused, foreign."""

from uuid import UUID, uuid4

from shared.events.programme import JourneyOpened, StageCompleted, StageLeft, StageSkipped, StageStarted
from tests.builders_programme import Clinic, a_clinic
from tests.harness import ServiceUnderTest


async def test_a_completion_is_told_with_the_named_next_organisation(programme: ServiceUnderTest) -> None:
    """Source: mission rows 002-01, 002-15."""
    clinic, centre, person_id = await a_clinic(programme), await a_clinic(programme), uuid4()
    journey_id = await clinic.open(person_id)
    assert (await clinic.start(journey_id, 1, "2025-06-03")).json()["status"] == "started"
    answer = await clinic.complete(journey_id, 1, "2025-06-20", next_organisation_id=str(centre.organisation_id))
    assert (answer.status_code, answer.json()["status"]) == (200, "completed"), answer.text
    assert answer.headers["throughcare-events"] == f"programme/{person_id}/3"
    opened, started, completed = await programme.appended()
    assert isinstance(opened, JourneyOpened) and isinstance(started, StageStarted) and isinstance(completed, StageCompleted)
    assert (completed.person_id, completed.spell, completed.organisation_id) == (person_id, 1, clinic.organisation_id)
    assert completed.next_organisation_id == centre.organisation_id
    await centre.accept(journey_id, 2)
    assert (await centre.get(f"/journeys/{journey_id}")).status_code == 200
    assert (await centre.start(journey_id, 2, "2025-06-25")).status_code == 200


async def test_place_and_method_are_kept_for_each_spell(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-19; per programme they stand in referral's registry."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03", setting="inpatient", programme="detox")
    await clinic.start(journey_id, 2, "2025-06-10", setting="outpatient", programme="naltrexone")
    spells = (await clinic.get(f"/journeys/{journey_id}")).json()["spells"]
    kept = [(spell["own"]["setting"], spell["own"]["programme"]) for spell in spells]
    assert kept == [("inpatient", "detox"), ("outpatient", "naltrexone")]


async def test_a_completion_sent_twice_with_its_key_is_told_once(programme: ServiceUnderTest) -> None:
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    first = await clinic.complete(journey_id, 1, "2025-06-20", key="completion-1")
    again = await clinic.complete(journey_id, 1, "2025-06-20", key="completion-1")
    assert (again.status_code, again.json()) == (200, first.json())
    other_key = await clinic.complete(journey_id, 1, "2025-06-20")
    assert (other_key.status_code, other_key.json()["unmet"]) == (422, ["stage-started"])
    assert len([event for event in await programme.appended() if isinstance(event, StageCompleted)]) == 1


async def test_a_refusal_names_every_unmet_requirement(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-32."""
    ngo = await a_clinic(programme, kind="ngo")
    journey_id = await ngo.open()
    answer = await ngo.start(journey_id, 1, "2031-06-03", responsible_doctor=None, planned_until="2031-06-01")
    assert answer.status_code == 422
    assert answer.json()["unmet"] == ["medical-organisation", "responsible-doctor", "planned-until-on-or-after-start", "date-not-in-future"]


async def test_a_foreign_journey_looks_like_an_absent_one(programme: ServiceUnderTest) -> None:
    clinic, stranger = await a_clinic(programme), await a_clinic(programme)
    journey_id = await clinic.open()
    foreign, absent = await stranger.get(f"/journeys/{journey_id}"), await stranger.get(f"/journeys/{uuid4()}")
    assert (foreign.status_code, foreign.text) == (404, absent.text)
    assert (await stranger.start(journey_id, 1, "2025-06-03")).status_code == 404
    assert (await stranger.complete(journey_id, 1, "2025-06-03")).status_code == 404
    assert (await stranger.get("/journeys")).json()["items"] == []


async def test_organisations_not_yet_known_are_answered_409(programme: ServiceUnderTest) -> None:
    """Source: contracts section 3."""
    unknown = Clinic(programme)
    answer = await unknown.try_to_open(await unknown.register())
    assert (answer.status_code, answer.headers["retry-after"]) == (409, "1")
    await unknown.become_known()
    journey_id = await unknown.open()
    await unknown.start(journey_id, 1, "2025-06-03")
    assert (await unknown.complete(journey_id, 1, "2025-06-20", next_organisation_id=str(uuid4()))).status_code == 409
    assert (await unknown.complete(journey_id, 1, "2025-06-20")).status_code == 200


async def test_the_holder_changes_with_the_start_and_stages_may_overlap(programme: ServiceUnderTest) -> None:
    """Source: mission row OUR-01."""
    clinic, centre = await a_clinic(programme), await a_clinic(programme, kind="rehabilitation-centre")
    journey_id = await clinic.open()
    await clinic.start(journey_id, 1, "2025-06-03")
    await clinic.complete(journey_id, 1, "2025-06-20", next_organisation_id=str(centre.organisation_id))
    assert (await clinic.get(f"/journeys/{journey_id}")).json()["holder_organisation_id"] == str(clinic.organisation_id)
    await centre.accept(journey_id, 2)
    await centre.start(journey_id, 2, "2025-06-18", programme="naltrexone")
    await centre.start(journey_id, 3, "2025-06-30")
    view = (await centre.get(f"/journeys/{journey_id}")).json()
    assert view["holder_organisation_id"] == str(centre.organisation_id)
    assert [spell["own"] is not None for spell in view["spells"]] == [False, True, True]
    starts = [event for event in await programme.appended() if isinstance(event, StageStarted)]
    assert [start.overlapping for start in starts] == [False, False, True]


async def test_leaving_and_skipping_are_ends_of_their_own(programme: ServiceUnderTest) -> None:
    """Source: mission row 002-01, standards section 2."""
    clinic = await a_clinic(programme)
    journey_id = await clinic.open()
    skip = f"/journeys/{journey_id}/stages/1/skip"
    assert (await clinic.send("PUT", skip, {"how": "done-elsewhere", "reason": "moved"})).json()["unmet"] == ["evidence"]
    assert (await clinic.send("PUT", skip, {"how": "done-elsewhere", "evidence": "letter"})).json()["status"] == "done-elsewhere"
    await clinic.start(journey_id, 2, "2025-07-01")
    assert (await clinic.leave(journey_id, 2, "2025-08-01", reason="moved")).json()["status"] == "left"
    events = await programme.appended()
    assert [type(event) for event in events] == [JourneyOpened, StageSkipped, StageStarted, StageLeft]


async def test_only_role_system_imports(programme: ServiceUnderTest) -> None:
    clinic, system = await a_clinic(programme), await a_clinic(programme, role="system")
    refused = await clinic.try_to_open(await clinic.register(), opened_on="2020-06-02", imported=True)
    assert refused.json()["unmet"] == ["imported-by-role-system"]
    journey_id = await system.open(imported=True)
    assert (await system.start(journey_id, 2, "2020-07-01", responsible_doctor=None)).status_code == 200
    assert all(event.imported for event in await programme.appended() if isinstance(event, JourneyOpened | StageStarted))


async def test_journeys_are_listed_in_pages(programme: ServiceUnderTest) -> None:
    """A completed journey never blocks another one. Source: mission row 000-66."""
    clinic, person_id = await a_clinic(programme), uuid4()
    opened = [await clinic.open(person_id) for _ in range(3)]
    first = (await clinic.get("/journeys?limit=2&status=open")).json()
    second = (await clinic.get(f"/journeys?limit=2&cursor={first['next']}")).json()
    assert [UUID(row["journey_id"]) for row in first["items"] + second["items"]] == opened
    assert second["next"] is None
    assert (await clinic.get("/journeys?cursor=nonsense")).status_code == 422
