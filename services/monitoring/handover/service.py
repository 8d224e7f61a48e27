"""The figure as one thing, for the registry. Source: mission rows 002-04, 002-05; standards section 4.

- A hand-over n -> n+1 counts each person once a calendar month, by the first completion of n in that month; n -> n likewise by a
  transfer. It is held against the first start of n+1 in the same journey between this stay in n and the next one, or against a stay
  in n+1 that was still open at the completion.
- Exempt are who was not started and died by the limit, returned to custody (reason on the referral), or needs no hand-over here because
  n+1 is skipped: done elsewhere (moved with transfer) or not needed. How a later stage ended exempts nobody from the one before.
- Declined: a referral for n+1 was declined and none is open any more. Any later start moves the person to started.
"""

from services.monitoring.figure.domain import Kind
from services.monitoring.figure.service import Figure
from services.monitoring.handover import domain, store

FIGURE = Figure(
    name="handover",
    path="/handovers",
    says="Where persons get lost between two stages. Source: mission rows 002-04, 002-05; standards section 4.",
    row=domain.HandoverRow,
    words=domain.WORDS,
    kinds=(
        Kind(domain.HANDOVERS, {"handover": domain.fall}, domain.values),
        Kind(domain.TRANSFERS, {"transfer": domain.fall}, domain.values),
    ),
    units=store.UNITS,
    filters=("from_stage", "to_stage", "region", "programme", "period"),
    terms=domain.terms,
)
