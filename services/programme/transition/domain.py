"""The table of what may become of a stage, and the one function that asks it. Pure. What else it needs: `stage/domain.py`."""

from typing import Literal, NamedTuple

StageStatus = Literal["planned", "started", "completed", "left", "done-elsewhere", "not-needed", "reopened"]
Act = Literal["start", "take-over", "complete", "leave", "done-elsewhere", "not-needed", "reopen", "correct"]


class Step(NamedTuple):
    """One allowed change of a stage's status.

    `take-over`: after a transfer (hand-over n -> n). `reopen`: by a relapse, a skipped stage too ("reopens or opens", 002-46).
    `correct`: reopened by decision, when somebody who left comes back. An end entered by mistake is corrected instead.
    """

    act: Act
    before: StageStatus
    after: StageStatus
    needs_reason: bool = False


STEPS = (
    Step("start", "planned", "started"),
    Step("start", "reopened", "started"),
    Step("take-over", "left", "started"),
    Step("complete", "started", "completed"),
    Step("leave", "started", "left"),
    Step("done-elsewhere", "planned", "done-elsewhere", needs_reason=True),
    Step("not-needed", "planned", "not-needed", needs_reason=True),
    Step("reopen", "completed", "reopened"),
    Step("reopen", "left", "reopened"),
    Step("reopen", "done-elsewhere", "reopened"),
    Step("reopen", "not-needed", "reopened"),
    Step("correct", "completed", "reopened", needs_reason=True),
    Step("correct", "left", "reopened", needs_reason=True),
)


def step(act: Act, before: StageStatus | None) -> Step | None:
    """The row of the table for `act` on a stage in status `before`, or None: not allowed. Source: standards section 2."""
    return next((row for row in STEPS if row.act == act and row.before == before), None)
