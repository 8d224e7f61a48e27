"""The figure as one thing, for the registry. Source: mission rows 002-06, 002-29.

A referral counts once a person and stage, by the first that had an addressee; one opened by a relapse counts in a table of its own.
An imported referral has no day of its own: the opening of its journey stands for it.
"""

from services.monitoring.figure.domain import Kind, with_reason
from services.monitoring.figure.service import Figure
from services.monitoring.referral_funnel import domain, store

FIGURE = Figure(
    name="referral_funnel",
    path="/referral-funnel",
    says="Persons referred, accepted, started. Source: mission rows 002-06, 002-29.",
    row=domain.ReferralRow,
    words=domain.WORDS,
    kinds=(
        Kind(domain.FUNNEL, {"referral": with_reason}),
        Kind(domain.AFTER_RELAPSE, {"referral-after-relapse": with_reason}, asked="after_relapse"),
    ),
    units=store.UNITS,
    filters=("stage", "region", "programme", "period"),
)
