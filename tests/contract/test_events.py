"""Golden events: what once travelled can always be read, and carries ids and codes only. Source: delivery section 5, privacy section 3."""

import importlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter

from shared.events import Event, by_type
from shared.events.event import REGISTRY
from tests.contract.tree import SERVICES

for name in SERVICES:
    importlib.import_module(f"shared.events.{name}")

FOLDER = Path(__file__).parent / "events"
FILES = sorted(FOLDER.glob("*.json"))
OLDER = sorted((FOLDER / "older").rglob("*.json"))
"""Bodies as they travelled before an optional field was added: still on topics, in outboxes and in backups."""
EVENTS = list(REGISTRY.values())
PERSONAL = re.compile(
    r"(^|_)(name|names|birth|born|email|mail|phone|telephone|mobile|address|street|text|note|notes|comment|description|diagnosis|substance"
    r"|offence|passport|pinfl|gender|sex|age|contact|contact_id|guardian|language)(_|$)"
)
# Every field that holds a code out of an open list; anything else that is a bare string could hold free text.
CODES = {"region", "regions", "pathway", "programme", "kind", "scope", "definition", "reason", "relation", "signs", "code", "stage_code"}
# A consent names the guardian who gave it, so referral must know one by the contact's random id.
KNOWN_BY_ID = {("GuardianNamed", "contact_id"), ("GuardianEnded", "contact_id")}
STREAMS = ("person_id", "organisation_id", "instruction_id")


def golden(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


def fields_of(model: type[BaseModel]) -> Iterator[tuple[str, Any]]:
    """Each field with every type it may hold, nested models included."""
    for name, field in model.model_fields.items():
        yield from ((name, part) for part in parts_of(field.annotation))
        for part in parts_of(field.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from fields_of(part)


def parts_of(annotation: Any) -> Iterator[Any]:
    if isinstance(annotation, UnionType) or get_origin(annotation) is tuple:
        for argument in get_args(annotation):
            yield from parts_of(argument)
    else:
        yield annotation


def empty_fields(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(empty_fields, value.values()))
    return value is None or value == [] or (isinstance(value, list) and any(map(empty_fields, value)))


def test_every_class_has_a_golden_file() -> None:
    expected = {f"{event.__name__}.v{event.type.rpartition('.v')[2]}.json" for event in EVENTS}
    assert expected <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_still_parses_and_says_the_same(path: Path) -> None:
    """Also those of earlier versions: a published class may never go, nor change its topic."""
    document = golden(path)
    event = by_type(document["type"])
    assert event is not None, "a published event version was removed"
    assert (path.stem, document["topic"]) == (f"{event.__name__}.v{event.type.rpartition('.v')[2]}", event.topic)
    assert event.model_validate_json(json.dumps(document["body"])).model_dump(mode="json") == document["body"]


@pytest.mark.parametrize("path", OLDER, ids=lambda path: path.stem)
def test_an_older_body_is_read_and_says_what_it_said(path: Path) -> None:
    """What it lacks is optional, and what it has is not changed."""
    document, newer = golden(path), golden(FOLDER / path.name)
    event = by_type(document["type"])
    assert event is not None
    read = event.model_validate(document["body"])
    assert read.model_dump(mode="json", exclude_unset=True) == document["body"]
    assert (document["type"], document["topic"]) == (newer["type"], newer["topic"])
    assert document["body"] != newer["body"]


def test_an_older_organisation_was_a_confirmed_one() -> None:
    """Source: mission row 002-10."""
    older = by_type("throughcare.referral.organisation_changed.v1")
    assert older is not None
    for path in (FOLDER / "older").rglob("OrganisationChanged.v1.json"):
        assert older.model_validate(golden(path)["body"]).model_dump()["confirmed"] is True


def test_an_older_journey_has_the_five_stages_of_its_time() -> None:
    """Source: mission row 002-01."""
    older = by_type("throughcare.programme.journey_opened.v1")
    assert older is not None
    stages = older.model_validate(golden(FOLDER / "older" / "JourneyOpened.v1.json")["body"]).model_dump()["stages"]
    assert [stage["code"] for stage in stages] == [
        "detoxification",
        "treatment",
        "medical-rehabilitation",
        "social-rehabilitation",
        "resocialization",
    ]
    assert [stage["completes_the_journey"] for stage in stages] == [False, False, False, False, True]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_it_fills_every_field(path: Path) -> None:
    document = golden(path)
    event = by_type(document["type"])
    assert event is not None
    assert set(document["body"]) == set(event.model_fields)
    assert not empty_fields(document["body"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_readers_ignore_what_they_do_not_know_and_miss_nothing_optional(path: Path) -> None:
    document = golden(path)
    event = by_type(document["type"])
    assert event is not None
    assert event.model_validate(document["body"] | {"of_a_later_version": 1}) == event.model_validate(document["body"])
    needed = {name: value for name, value in document["body"].items() if event.model_fields[name].is_required()}
    event.model_validate(needed)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_body_holds_ids_and_codes_only(event: type[Event]) -> None:
    named = list(fields_of(event))
    assert [name for name, _ in named if PERSONAL.search(name) and (event.__name__, name) not in KNOWN_BY_ID] == []
    assert [name for name, kind in named if kind is str and name not in CODES] == []
    assert any(name in event.model_fields for name in STREAMS)


@pytest.mark.parametrize("field", ["name", "birth_on", "email", "free_text", "guardian_id", "contact_id", "diagnosis_code", "first_name"])
def test_the_check_for_personal_fields_finds_them(field: str) -> None:
    assert PERSONAL.search(field)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
def test_a_type_name_tells_nothing_sensitive(event: type[Event]) -> None:
    """Source: delivery section 5. What is restricted shows in the topic alone."""
    assert re.fullmatch(r"throughcare\.(referral|programme|family|monitoring)\.[a-z_]+\.v[1-9]\d*", event.type)
    assert not re.search(r"relapse|substance|offence|diagnos|safeguard|drug", event.type)
    assert event.topic.removesuffix(".restricted") in SERVICES


def test_every_body_can_be_described() -> None:
    for event in EVENTS:
        assert TypeAdapter(event).json_schema()["type"] == "object"
