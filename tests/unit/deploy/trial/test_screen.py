"""The screen and the made-up parts: what is withheld is said so, and nobody is called by a name."""

import re
from collections import Counter
from datetime import date
from typing import Any

from rich.console import Console

from deploy.trial import example, made_up, mapping, places, records, screen
from deploy.trial.commands import organisation_id
from deploy.trial.health import Health
from deploy.trial.released import value

EXACT: dict[str, Any] = {
    "handovers": [{"from_stage": 1, "to_stage": 2, "completed": 653, "within_days": {"30": 394}, "later": 8, "quartiles_days": [1, 9]}],
    "referral_funnel": [{"stage": 2, "programme": "naltrexone", "referred": 283, "accepted": 283, "started": 204}],
    "relapses": [{"definition": "consecutive-4-from-week-3", "stage": 2, "programme": "naltrexone", "persons": 110, "of": 204}],
}
RELEASED = {name: {"items": rows} for name, rows in EXACT.items()} | {"interaction": {"items": []}}


def test_a_withheld_cell_is_said_to_be_withheld() -> None:
    """Source: standards section 5."""
    row = {"later": None, "lost": {"withheld": True}, "started": {"numerator": 204}, "within_days": {"7": 237}}
    assert [value(row, name) for name in ("later", "lost", "started", "within_days.7", "absent")] == [
        "withheld",
        "withheld",
        "204",
        "237",
        "-",
    ]


def test_the_screen_shows_the_figures_side_by_side() -> None:
    console = Console(width=160, record=True, quiet=True)
    with console.capture() as shown:
        console.quiet = False
        screen.show(console, EXACT, RELEASED, [Health("programme", 9, 9, applied={"family": 9})])
    text = shown.get()
    assert re.search(r"completed stage 1\W+653\W+653", text)
    assert "72 %" in text
    assert "54 %" in text


def test_about_a_fifth_have_a_contact_and_no_contact_has_a_name() -> None:
    """Source: issue 3 section 5."""
    contacts = [contact for contact in map(made_up.contact_of, records.read("0051")) if contact]
    assert 110 < len(contacts) < 200
    assert all(re.fullmatch(r"contact-\d{4}@example\.org", contact.email) for contact in contacts)
    assert any(not contact.topics for contact in contacts)


def test_contacts_come_once_and_with_the_person_somewhere() -> None:
    for person in records.read("0051/60"):
        steps = made_up.with_contacts(person, mapping.steps(person))
        kinds = Counter(type(step).__name__ for step in steps)
        assert kinds["AddContact"] == (made_up.contact_of(person) is not None)
        assert [step.day for step in steps] == sorted(step.day for step in steps)


def test_every_site_lies_in_one_region() -> None:
    regions = {place.site: made_up.region(place.site) for place in places.organisations(records.read("0051"))}
    assert len(regions) == 8
    assert set(regions.values()) <= set(made_up.REGIONS)


def test_the_walk_completes_a_stage_and_shows_it_in_three_services() -> None:
    services = {name: f"http://{name}" for name in ("referral", "programme", "family", "monitoring")}
    made = example.Example("p", "j", organisation_id("a"), organisation_id("b"), seq=3)
    lines = [line for _, line in example.walk(made, services, date(2026, 7, 24))]
    assert "/journeys/j/stages/1/completion" in lines[0]
    assert [f"http://{name}/seen/programme/p/3" in "".join(lines) for name in ("referral", "family", "monitoring")] == [True] * 3
