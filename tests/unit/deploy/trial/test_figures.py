"""Trial 0051's published figures, twice: counted straight from the CSV files, and folded from the mapped steps (fold.py)."""

import csv
import gzip
from collections import Counter
from functools import cache
from typing import Any

from deploy.trial import fold, records
from deploy.trial.fold import Mapped, funnel, handover, relapses
from deploy.trial.steps import CompleteStage, LeaveStage

ARMS = {"Inpatient NR-NTX": "naltrexone", "Inpatient BUP": "buprenorphine"}
HANDOVER = {"completed": 653, "overlapping": 71, "7": 237, "14": 328, "21": 375, "30": 394, "later": 8, "lost": 180}
FUNNEL = {"naltrexone": (283, 204), "buprenorphine": (287, 270)}
RELAPSES = {"naltrexone": (110, 204), "buprenorphine": (153, 270)}

Rows = list[dict[str, str]]


def test_the_files_themselves_hold_the_handover_figures() -> None:
    """Source: issue figures for 1->2; mission row 002-22."""
    assert handover(discharges(), first_doses()) == HANDOVER


def test_the_mapped_steps_hold_the_handover_figures() -> None:
    """Source: mission row 002-22."""
    assert mapped().handover() == HANDOVER


def test_the_parts_of_the_handover_add_up() -> None:
    """Each person counts once. Source: standards section 4."""
    found = handover(discharges(), first_doses())
    assert found["completed"] == found["overlapping"] + found["30"] + found["later"] + found["lost"]


def test_the_files_themselves_hold_the_referral_funnel() -> None:
    """Published: Lee and others, Lancet 2018."""
    assert funnel(arms(), set(first_doses())) == FUNNEL


def test_the_mapped_steps_hold_the_referral_funnel() -> None:
    """Source: mission rows 002-04, 002-05."""
    assert mapped().funnel() == FUNNEL


def test_the_files_themselves_hold_the_relapses() -> None:
    """Source: standards section 3, `consecutive-4-from-week-3`."""
    assert relapses(arms(), weeks_in_files()) == RELAPSES


def test_the_mapped_steps_hold_the_relapses() -> None:
    """Late results counted in, weeks without a result missing. Source: mission row 002-26."""
    assert mapped().relapses() == RELAPSES


def test_everybody_who_started_treatment_ends_it_once() -> None:
    """The reading of ending.py: 389 in week 20 or later, 85 before."""
    ends = Counter(type(step).__name__ for _, step in mapped().each(CompleteStage, stage=2))
    assert ends == {"CompleteStage": 389, "LeaveStage": 85}
    assert Counter(step.reason for _, step in mapped().each(LeaveStage, stage=2)) == {
        "dropped-out": 67,
        "incarcerated": 12,
        "other": 4,
        "died": 2,
    }


def test_numbers_that_differ_are_named() -> None:
    """`make demo CHAOS=1` says with it whether the figures are those of a run without."""
    persons = records.read("0051/60")
    told = exact(persons)
    assert fold.unequal(told, persons) == (16, [])
    told["handovers"][0]["lost"] += 1
    del told["relapses"][0]
    assert fold.unequal(told, persons)[1] == [
        f"buprenorphine relapsed: 0, by the records {Mapped(persons).relapses()['buprenorphine'][0]}",
        f"buprenorphine treated: 0, by the records {Mapped(persons).relapses()['buprenorphine'][1]}",
        f"hand-over lost: {told['handovers'][0]['lost']}, by the records {told['handovers'][0]['lost'] - 1}",
    ]


def exact(persons: list[records.Person]) -> dict[str, list[dict[str, Any]]]:
    """What monitoring would tell of these persons, other stages and definitions among it."""
    summed = Mapped(persons)
    handed = summed.handover()
    first: dict[str, Any] = {"from_stage": 1, "to_stage": 2, **handed, "within_days": {str(band): handed[str(band)] for band in fold.BANDS}}
    return {
        "handovers": [first, {"from_stage": 2, "to_stage": 3, "completed": 5}],
        "referral_funnel": [
            {"stage": 2, "programme": arm, "referred": referred, "started": started} for arm, (referred, started) in summed.funnel().items()
        ],
        "relapses": [
            {"stage": 2, "programme": arm, "definition": definition, "persons": relapsed, "of": treated}
            for definition in (fold.COMPARED, "consecutive-3")
            for arm, (relapsed, treated) in summed.relapses().items()
        ],
    }


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


@cache
def mapped() -> Mapped:
    return Mapped(records.read("0051"))
