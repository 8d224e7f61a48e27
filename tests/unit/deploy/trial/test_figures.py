"""Trial 0051's published figures, twice: counted straight from the CSV files, and folded from the mapped steps by a calculation of its
own.
"""

import csv
import gzip
from collections import Counter, defaultdict
from functools import cache
from typing import TypeVar

from deploy.trial import mapping, records
from deploy.trial.steps import AddressReferral, CompleteStage, LeaveStage, RecordObservations, StartStage, Step

HANDOVER = {"completed": 653, "overlapping": 71, "7": 237, "14": 328, "21": 375, "30": 394, "later": 8, "lost": 180}
FUNNEL = {"naltrexone": (283, 204), "buprenorphine": (287, 270)}
RELAPSES = {"naltrexone": (110, 204), "buprenorphine": (153, 270)}
ARMS = {"Inpatient NR-NTX": "naltrexone", "Inpatient BUP": "buprenorphine"}

Rows = list[dict[str, str]]
S = TypeVar("S", bound=Step)


def test_the_files_themselves_hold_the_handover_figures() -> None:
    """Source: issue figures for 1->2; mission row 002-22."""
    assert handover(discharges(), first_doses()) == HANDOVER


def test_the_mapped_steps_hold_the_handover_figures() -> None:
    """Source: mission row 002-22."""
    completed = {who: step.day for who, step in each(CompleteStage, stage=1)}
    assert handover(completed, starts()) == HANDOVER


def test_the_parts_of_the_handover_add_up() -> None:
    """Each person counts once. Source: standards section 4."""
    found = handover(discharges(), first_doses())
    assert found["completed"] == found["overlapping"] + found["30"] + found["later"] + found["lost"]


def test_the_files_themselves_hold_the_referral_funnel() -> None:
    """Published: Lee and others, Lancet 2018."""
    assert funnel(arms(), set(first_doses())) == FUNNEL


def test_the_mapped_steps_hold_the_referral_funnel() -> None:
    """Source: mission rows 002-04, 002-05."""
    assert funnel(addressed(), set(starts())) == FUNNEL


def test_the_files_themselves_hold_the_relapses() -> None:
    """Source: standards section 3, `consecutive-4-from-week-3`."""
    assert relapses(arms(), weeks_in_files()) == RELAPSES


def test_the_mapped_steps_hold_the_relapses() -> None:
    """Late results counted in, weeks without a result missing. Source: mission row 002-26."""
    assert relapses(addressed(), weeks_in_steps()) == RELAPSES


def test_everybody_who_started_treatment_ends_it_once() -> None:
    """The reading of ending.py: 389 in week 20 or later, 85 before."""
    ends = Counter(type(step).__name__ for _, step in each(CompleteStage, stage=2))
    assert ends == {"CompleteStage": 389, "LeaveStage": 85}
    assert Counter(step.reason for _, step in each(LeaveStage, stage=2)) == {"dropped-out": 67, "incarcerated": 12, "other": 4, "died": 2}


# The calculations, which know neither records nor mapping.


def handover(completed: dict[int, int], started: dict[int, int]) -> dict[str, int]:
    """Days from completion to start: before is overlapping, past 30 is later, never is lost."""
    gaps = [started[who] - day for who, day in completed.items() if who in started]
    within = {str(days): sum(0 <= gap <= days for gap in gaps) for days in (7, 14, 21, 30)}
    overlapping, later = sum(gap < 0 for gap in gaps), sum(gap > 30 for gap in gaps)
    return {"completed": len(completed), "overlapping": overlapping, **within, "later": later, "lost": len(completed) - len(gaps)}


def funnel(referred: dict[int, str], started: set[int]) -> dict[str, tuple[int, int]]:
    """Referred and started persons by programme."""
    return {
        arm: (sum(to == arm for to in referred.values()), sum(to == arm and who in started for who, to in referred.items()))
        for arm in ARMS.values()
    }


def relapses(referred: dict[int, str], weeks: dict[int, dict[int, str]]) -> dict[str, tuple[int, int]]:
    """Persons with four weeks in a row, from week 3, none of them negative."""
    return {
        arm: (sum(four_in_a_row(found) for who, found in weeks.items() if referred[who] == arm), sum(referred[who] == arm for who in weeks))
        for arm in ARMS.values()
    }


def four_in_a_row(found: dict[int, str]) -> bool:
    return any(all(found.get(week, "missing") != "negative" for week in range(first, first + 4)) for first in range(3, 22))


# Straight from the files.


@cache
def rows(name: str) -> Rows:
    path = records.DATA / name
    with gzip.open(path, "rt") if name.endswith(".gz") else path.open() as file:
        return list(csv.DictReader(file))


@cache
def trial() -> frozenset[str]:
    return frozenset(row["who"] for row in rows("persons.csv") if row["project"] == "51")


def of_trial(name: str) -> Rows:
    return [row for row in rows(name) if row["who"] in trial()]


def discharges() -> dict[int, int]:
    return {int(row["who"]): int(row["when"]) for row in of_trial("detox.csv") if row["what"] == "discharge"}


def first_doses() -> dict[int, int]:
    return {int(row["who"]): int(float(row["first_dose"])) for row in of_trial("dosing_span.csv")}


def arms() -> dict[int, str]:
    return {int(row["who"]): ARMS[row["treatment"]] for row in of_trial("randomization.csv") if row["which"] == "1"}


def weeks_in_files() -> dict[int, dict[int, str]]:
    attended = [(row, "negative") for row in of_trial("visits.csv.gz") if row["what"] == "visit" and row["when"]]
    urine = [(row, "positive" if row["what"] == "Opioid" else "negative") for row in of_trial("urine_screens.csv.gz")]
    doses = first_doses()
    found: dict[int, dict[int, str]] = {who: {} for who in doses}
    for row, result in sorted([*attended, *urine], key=lambda pair: pair[1]):
        who, day = int(row["who"]), int(float(row["when"]))
        if who in doses and doses[who] <= day < doses[who] + 168:
            found[who][(day - doses[who]) // 7 + 1] = result
    return found


# From the mapped steps.


@cache
def mapped() -> list[tuple[int, list[Step]]]:
    return [(person.who, mapping.steps(person)) for person in records.read("0051")]


def each(kind: type[S], stage: int) -> list[tuple[int, S]]:
    return [(who, step) for who, steps in mapped() for step in steps if isinstance(step, kind) and getattr(step, "stage", None) == stage]


def starts() -> dict[int, int]:
    return {who: step.day for who, step in each(StartStage, stage=2)}


def addressed() -> dict[int, str]:
    return {who: step.to.rsplit("-", 1)[-1] for who, step in each(AddressReferral, stage=2)}


def weeks_in_steps() -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = defaultdict(dict)
    for who, step in each(RecordObservations, stage=2):
        found[who] |= dict(step.results)
    return found
