"""What an end of a stage means for referrals, as codes. Pure."""

from services.referral.transition.domain import Reason
from shared.events.programme import Ending

REASON_OF_ENDING: dict[Ending, Reason] = {
    "transferred": "needs-met-otherwise",
    "dropped-out": "not-engaged",
    "terminated-by-organisation": "other",
    "incarcerated": "returned-to-custody",
    "died": "died",
    "other": "other",
}
