"""Whatever a schema allows or forbids: no 5xx, no answer outside the document, no access without a token. Schemathesis, all its checks."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from schemathesis import Case, GenerationMode

from tests.contract.routes import Way, ways
from tests.integration.routes.conftest import Served

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "3"))
SEED = int(os.environ.get("FUZZ_SEED", "20260302"))


def in_order() -> list[Way]:
    """What makes things before what asks for them."""
    return sorted(
        (way for way in ways() if way.route.path != "/metrics"),
        key=lambda way: (way.service, way.route.path.count("{"), way.method != "POST"),
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=lambda mode: mode.value)
@pytest.mark.parametrize("way", in_order(), ids=str)
def test_it_answers_as_its_document_says(way: Way, mode: GenerationMode, served: dict[str, Served]) -> None:
    """Source: privacy section 7."""
    service = served[way.service]
    headers = {"Authorization": f"Bearer {service.token_for(way)}"}

    @seed(SEED)
    @settings(max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(case=service.cases(way, mode))
    def answers(case: Case[Any]) -> None:
        assume("" not in (case.query or {}))  # `?=` names no parameter, so that nothing refuses it
        if mode is GenerationMode.POSITIVE:
            service.aim(case)
        service.learn(case, case.call_and_validate(base_url=service.url, headers=headers))

    answers()
