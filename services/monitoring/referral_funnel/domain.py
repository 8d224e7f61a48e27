"""The referral funnel: its cells, its row and its words. Pure. Source: mission rows 002-06, 002-29."""

from dataclasses import replace

from services.monitoring.figure.domain import BrokenRow, Count, Reasons
from services.monitoring.table.domain import TOTAL, Spec

REFERRED = "persons first referred to an organisation for {stage} of {pathway}"

FUNNEL = Spec(
    name="referral_funnel",
    subject=("stage",),
    cells=("started", "accepted", "declined", "unanswered", "withdrawn"),
    published={
        "referred": (TOTAL,),
        "accepted": ("started", "accepted"),
        "declined": ("declined",),
        "unanswered": ("unanswered",),
        "withdrawn": ("withdrawn",),
        "started": ("started",),
    },
    persons={
        "referred": REFERRED,
        "accepted": f"{REFERRED} and accepted",
        "declined": f"{REFERRED} and declined",
        "unanswered": f"{REFERRED} and not answered",
        "withdrawn": f"{REFERRED} before it was withdrawn",
        "started": f"{REFERRED} and started there",
    },
    numerator="started",
    denominator="referred",
    definition="referral-funnel",
    reasons=("declined",),
    operators_grain="programme",
)
AFTER_RELAPSE = replace(
    FUNNEL,
    name="referral_funnel_after_relapse",
    definition="referral-funnel-after-relapse",
    persons={name: text.replace(REFERRED, f"{REFERRED} after a relapse") for name, text in FUNNEL.persons.items()},
)

WORDS = {
    "referral-funnel": (
        "Persons by their first referral for the stage that named an organisation, in the month it did (imported: in which "
        "the journey was opened): accepted includes started; started = the person started the stage at that organisation. "
        "Region and programme are the addressed organisation's."
    ),
    "referral-funnel-after-relapse": (
        "The same for persons' first referral that a relapse opened for the stage; never part of the other one."
    ),
}


class ReferralRow(BrokenRow):
    """`accepted` includes started."""

    stage: int
    referred: Count
    accepted: Count
    declined: Count
    declined_reasons: Reasons
    unanswered: Count
    withdrawn: Count
    started: Count
