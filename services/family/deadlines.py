"""What family does when nothing happens: concerns nobody answered, contacts to be prompted again."""

from services.family.concern import service as concerns
from services.family.message import prompting
from shared.clock import Deadlines

DEADLINES: Deadlines = {
    concerns.FORWARD: concerns.forward,
    concerns.ANSWER_DUE: concerns.escalate,
    prompting.EVEN: prompting.on_even,
    prompting.ODD: prompting.on_odd,
}
