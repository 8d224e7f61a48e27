"""Every relapse definition over HTTP equals the brute-force oracle. Source: standards section 3."""

from services.programme.definition.domain import DEFINITIONS
from tests.definition_oracle import oracle, random_weeks
from tests.e2e.system import System

SEQUENCES = 10_000
AT_ONCE = 1_000


def test_ten_thousand_sequences_of_every_definition_equal_the_oracle(system: System) -> None:
    analyst = system.token("analyst")
    sequences = list(random_weeks(SEQUENCES))
    for code in DEFINITIONS:
        for first in range(0, SEQUENCES, AT_ONCE):
            asked = sequences[first : first + AT_ONCE]
            answer = system.call("POST", "programme", f"/relapse-definitions/{code}/evaluations", analyst, {"sequences": asked})
            results = answer.raise_for_status().json()["results"]
            found = [(result["week"], result["known_in_week"]) if result["met"] else None for result in results]
            assert found == [oracle(code, weeks) for weeks in asked], (code, first)
