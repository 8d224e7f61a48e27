"""The generated documents are those that the code would write today, and have the shape their formats ask for."""

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from deploy.docs import figures
from deploy.docs.__main__ import FOLDER, documents
from services.monitoring.settings import settings
from shared.events.event import REGISTRY
from tests.contract.test_events import FILES, golden
from tests.contract.tree import SERVICES

generated = lru_cache(documents)
NAMES = ["events.md", "asyncapi.yaml", "rights.md", "figures.md", *(f"openapi/{name}.json" for name in SERVICES)]


def everything_in(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from everything_in(part)


def resolve(document: dict[str, Any], reference: str) -> Any:
    """What a local reference points to; raises KeyError."""
    for part in reference.removeprefix("#/").split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


@pytest.fixture(scope="module")
def asyncapi() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load(generated()["asyncapi.yaml"])
    return document


@pytest.mark.parametrize("name", NAMES)
def test_the_checked_in_file_is_up_to_date(name: str) -> None:
    assert (FOLDER / name).read_text() == generated()[name], "run `make docs` and read the difference"


def test_the_figures_page_does_not_depend_on_the_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPLEMENT_DAYS", "91")
    monkeypatch.setenv("ACKNOWLEDGE_WORKING_DAYS", "11")
    settings.cache_clear()
    try:
        assert figures.page() == (FOLDER / "figures.md").read_text()
    finally:
        settings.cache_clear()


def test_there_is_no_other_document() -> None:
    assert set(generated()) == set(NAMES)
    assert {path.stem for path in (FOLDER / "openapi").iterdir()} == set(SERVICES)


def test_asyncapi_has_its_parts(asyncapi: dict[str, Any]) -> None:
    assert asyncapi["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= set(asyncapi["info"])
    assert set(asyncapi["channels"]) == {event.topic for event in REGISTRY.values()}
    assert set(asyncapi["components"]["messages"]) == {event.__name__ for event in REGISTRY.values()}
    for operation in asyncapi["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert all(message["$ref"].startswith(operation["channel"]["$ref"]) for message in operation["messages"])


def test_restricted_topics_are_read_by_monitoring_alone(asyncapi: dict[str, Any]) -> None:
    """Source: delivery section 5."""
    readers = {name for name in asyncapi["operations"] if "-receives-" in name and name.endswith(".restricted")}
    assert readers and all(name.startswith("monitoring-") for name in readers)


@pytest.mark.parametrize("name", ["asyncapi.yaml", *(f"openapi/{name}.json" for name in SERVICES)])
def test_every_reference_leads_somewhere(name: str) -> None:
    document = yaml.safe_load(generated()[name]) if name.endswith(".yaml") else json.loads(generated()[name])
    for part in everything_in(document):
        if isinstance(part.get("$ref"), str):
            assert resolve(document, part["$ref"])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_events_fit_their_schema(path: Any, asyncapi: dict[str, Any]) -> None:
    document = golden(path)
    name = path.stem.rpartition(".v")[0]
    schema = {"$ref": f"#/components/schemas/{name}", "components": asyncapi["components"]}
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(document["body"])


@pytest.mark.parametrize("service", SERVICES)
def test_openapi_says_how_to_call_it(service: str) -> None:
    document = json.loads(generated()[f"openapi/{service}.json"])
    assert document["openapi"].startswith("3.1")
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert operation.get("description"), f"{method} {path} says nothing"
            if path not in ("/healthz", "/readyz"):
                assert operation["security"], f"{method} {path} names no token"
            schemas = [content["schema"] for content in operation.get("requestBody", {}).get("content", {}).values()]
            assert all(schema.get("$ref") for schema in schemas), f"{method} {path} has an unnamed body"


@pytest.mark.parametrize("service", SERVICES)
def test_request_bodies_refuse_what_they_do_not_know_and_are_bounded(service: str) -> None:
    """Source: delivery section 5: readers ignore unknown fields; commands refuse them."""
    document = json.loads(generated()[f"openapi/{service}.json"])
    for reference in {part["$ref"] for methods in document["paths"].values() for part in bodies_of(methods)}:
        assert resolve(document, reference).get("additionalProperties") is False, reference
        for schema in reachable(document, reference):
            if schema.get("type") == "string" and not {"enum", "const", "format"} & set(schema):
                assert "maxLength" in schema, f"{reference}: a string without an end {schema}"
            if schema.get("type") == "array":
                assert "maxItems" in schema, f"{reference}: a list without an end {schema.get('title')}"
            if schema.get("type") == "integer":
                assert {"maximum", "exclusiveMaximum"} & set(schema), f"{reference}: a number without an end {schema.get('title')}"


def bodies_of(methods: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for operation in methods.values():
        yield from (content["schema"] for content in operation.get("requestBody", {}).get("content", {}).values())


def reachable(document: dict[str, Any], reference: str, seen: frozenset[str] = frozenset()) -> Iterator[dict[str, Any]]:
    """Every schema below a reference, followed through references."""
    for part in everything_in(resolve(document, reference)):
        yield part
        further = part.get("$ref")
        if isinstance(further, str) and further not in seen:
            yield from reachable(document, further, seen | {further})
