"""The vocabulary of substances as data, and what a finding counts as. Pure. Source: mission row 002-08, standards section 6."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from services.programme.definition.domain import Result
from shared.errors import refuse

Group = Literal["1", "2", "3", "4", "5", "6", "7", "8", "9", "99"]
LegalClass = Literal["narcotic-drug", "psychotropic-substance", "analogue", "not-listed"]
Use = Literal["non-medical", "prescribed"]


class Substance(NamedTuple):
    """`group`: EUDA TDI. `legal_class`: by the conventions of 1961 and 1971 (labelled default; national lists may differ)."""

    code: str
    group: Group
    legal_class: LegalClass


class Finding(NamedTuple):
    """A substance found in a week, and whether it was prescribed."""

    substance: str
    use: Use


SUBSTANCES = {
    substance.code: substance
    for substance in (
        Substance("heroin", "1", "narcotic-drug"),
        Substance("opium", "1", "narcotic-drug"),
        Substance("morphine", "1", "narcotic-drug"),
        Substance("methadone", "1", "narcotic-drug"),
        Substance("fentanyl", "1", "narcotic-drug"),
        Substance("buprenorphine", "1", "psychotropic-substance"),
        Substance("opioid-analogue", "1", "analogue"),
        Substance("cocaine", "2", "narcotic-drug"),
        Substance("amphetamine", "3", "psychotropic-substance"),
        Substance("methamphetamine", "3", "psychotropic-substance"),
        Substance("mdma", "3", "psychotropic-substance"),
        Substance("stimulant-analogue", "3", "analogue"),
        Substance("benzodiazepine", "4", "psychotropic-substance"),
        Substance("barbiturate", "4", "psychotropic-substance"),
        Substance("lsd", "5", "psychotropic-substance"),
        Substance("volatile-inhalant", "6", "not-listed"),
        Substance("cannabis", "7", "narcotic-drug"),
        Substance("cannabinoid-analogue", "7", "analogue"),
        Substance("alcohol", "8", "not-listed"),
        Substance("other", "9", "not-listed"),
        Substance("not-known", "99", "not-listed"),
    )
}


def counted(result: Result, found: Sequence[Finding]) -> Result:
    """What a week counts as: non-medical use is the criterion; a week in which all that was found was prescribed is negative.

    Without findings the result stands. Raises Refused("observations-not-recordable"). Source: mission row 002-08.
    """
    refuse(
        "observations-not-recordable",
        {
            "substance-of-the-vocabulary": any(finding.substance not in SUBSTANCES for finding in found),
            "found-only-where-positive": bool(found) and result != "positive",
        },
    )
    return "negative" if found and all(finding.use == "prescribed" for finding in found) else result
