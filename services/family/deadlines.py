"""What family does when nothing happens: concerns nobody answered, contacts to be prompted again, guardians whose time is over."""

from services.family.concern import service as concerns
from services.family.guardian import service as guardians
from services.family.message import prompting
from shared.clock import Deadlines

DEADLINES: Deadlines = {
    concerns.FORWARD: concerns.forward,
    concerns.ANSWER_DUE: concerns.escalate,
    concerns.WITHDRAW: concerns.tell_withdrawn,
    guardians.LAST_DAY: guardians.end_of_last_day,
    prompting.EVEN: prompting.on_even,
    prompting.ODD: prompting.on_odd,
}
