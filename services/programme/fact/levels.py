"""What a correction does to scores of the four levels. Pure. Source: issue of corrections, section 1."""

from services.programme.correction.domain import NOT_POSSIBLE
from services.programme.fact.domain import Case, said
from services.programme.functioning.domain import Functioning, Place, gaps
from services.programme.journey.domain import Correction
from shared.errors import refuse

Corrected = tuple[Functioning, list[Correction]]


def withdraw_score(case: Case, kept: Functioning, place: Place) -> Corrected:
    """A score was none, such as of another person. Raises Refused, also where the journey's completion stands on it."""
    score = kept.score(place)
    case.must_be_own(score.entered_by if score else None)
    left = kept.model_copy(update={"scores": tuple(one for one in kept.scores if one != score)})
    refuse(
        NOT_POSSIBLE,
        {"score-entered": score is None, "journey-completion-corrected": bool(_lost(case, kept, left))},
    )
    assert score is not None
    return left, [case.line("score", "entered-in-error", score.entered_by, said(score))]


def _lost(case: Case, before: Functioning, after: Functioning) -> set[str]:
    """What a journey that was completed would lack now and did not."""
    lacked = gaps(before, case.pathway)
    return {name for name, lacks in gaps(after, case.pathway).items() if lacks and not lacked[name] and case.journey.completions}
