"""The screen and the made-up parts: what is withheld is said so, and nobody is called by a name."""

import re
from collections import Counter
from datetime import date
from typing import Any

from rich.console import Console

from deploy.trial import example, health, made_up, mapping, places, records, screen
from deploy.trial.commands import organisation_id
from deploy.trial.health import LISTENERS, Health
from deploy.trial.released import value

PROGRAMMES = {"buprenorphine": (287, 270, 153), "naltrexone": (283, 204, 110)}
DEFINITIONS = ("consecutive-3", "consecutive-4", "consecutive-4-from-week-3", "dropout-4-missing", "two-after-week-4", "two-of-four")
CONCERNS = {"from_level": "micro", "to_level": "meso", "kind": "concern", "sent": 11, "answered_in_time": 0, "late": 0}
EXACT: dict[str, Any] = {
    "handovers": [
        {
            "from_stage": 1,
            "to_stage": 2,
            "completed": 653,
            "within_days": {"30": 394},
            "later": 8,
            "median_days": 6.0,
            "quartiles_days": [0.0, 13.0],
        }
    ],
    "referral_funnel": [
        {"stage": 2, "programme": name, "referred": referred, "accepted": referred, "started": started}
        for name, (referred, started, _) in PROGRAMMES.items()
    ],
    "relapses": [
        {"definition": definition, "stage": 2, "programme": name, "persons": relapsed, "of": started}
        for name, (_, started, relapsed) in PROGRAMMES.items()
        for definition in DEFINITIONS
    ],
    "interaction": [{**CONCERNS, "unanswered": 0, "waiting": 11}],
    "messages": {topic: {"delivered": 312, "sent": 4} for topic in ("referral", "relapse", "stage")},
}
RELEASED = {name: {"items": EXACT[name]} for name in ("handovers", "referral_funnel", "relapses")} | {"interaction": {"items": []}}
TOPICS = [Health(topic, 4666, 4666, applied=dict.fromkeys(listeners, 4666)) for topic, listeners in LISTENERS.items()]


def shown(exact: dict[str, Any], health: list[Health]) -> str:
    console = Console(width=80, no_color=True, force_terminal=False)
    with console.capture() as captured:
        screen.show(console, exact, RELEASED, health)
    return captured.get()


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
    text = shown(EXACT, TOPICS)
    assert re.search(r"completed stage 1\W+653\W+653\n", text)
    assert re.search(r"naltrexone +283 +283 +283 +283 +204 +204 +72 %\n", text)
    assert re.search(r"consecutive-4-from-week-3\* +153 of 270 +57 % +153 +110 of 204 +54 % +110\n", text)
    assert re.search(r"quartiles, days +0, 13 +0, 13\n", text)
    assert re.search(r"programme +4666 +4666 +4666 +- +4666 +4666 +0 +0\n", text)
    assert "Lancet 2018" in text
    assert "made up, so is the whole micro level" in text


def test_the_screen_fits_80_columns_and_cuts_nothing() -> None:
    lines = shown(EXACT, TOPICS).splitlines()
    assert not [line for line in lines if len(line) > 80 or "\N{HORIZONTAL ELLIPSIS}" in line]
    assert len(lines) <= 58
    assert len({line for line in lines if line.startswith("Answers")}) == 1
    assert not [line for line in lines if re.fullmatch(r"\w{1,12}", line)], "a line that was broken"


def test_more_programmes_make_more_tables_not_wider_ones() -> None:
    arms = ("buprenorphine-emm", "buprenorphine-smm", "methadone")
    more = [{**row, "programme": arm} for row in EXACT["relapses"][:6] for arm in arms]
    lines = shown({**EXACT, "relapses": EXACT["relapses"] + more}, TOPICS).splitlines()
    assert len([line for line in lines if line.startswith("Relapses in stage 2")]) == 3
    assert not [line for line in lines if len(line) > 80]
    assert not [line for line in lines if "\N{HORIZONTAL ELLIPSIS}" in line]


def test_about_a_fifth_have_a_contact_and_no_contact_has_a_name() -> None:
    """What is made up says so."""
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
    made = example.Example("p", "j", organisation_id("a"), organisation_id("b"), told="c", untold="d")
    lines = [line for _, line in example.walk(made, services, date(2026, 7, 24))]
    assert "/journeys/j/stages/1/completion" in lines[0]
    assert [f"http://{name}/seen/programme/p/3" in "".join(lines) for name in ("referral", "family", "monitoring")] == [True] * 3


def test_unreadable_records_are_shown_and_count_as_not_arrived() -> None:
    (unreadable,) = health.gather([{"service": "family", "sent": [], "heard": [], "quarantined": 2}])[len(LISTENERS) :]
    assert not unreadable.complete
    assert re.search(r"unreadable( +0| +-)+ +2 +0\n", shown(EXACT, [unreadable]))
