"""What a wish is held against, gathered, and when its answer is due. What it is refused for is `wish/domain.py`'s."""

from datetime import date

from services.referral.journey import service as journeys
from services.referral.organisation import service as organisations
from services.referral.person.domain import Person
from services.referral.settings import settings
from services.referral.transition.domain import Status
from services.referral.wish.domain import Circumstances, Wish, addressing
from shared.database import Tx
from shared.errors import refuse
from shared.working_days import working_day


async def circumstances(tx: Tx, wish: Wish, person: Person, replaced: Status | None) -> Circumstances:
    """`replaced`: how the referral stands that this one replaces."""
    named = await organisations.find_organisation(tx, wish.to_organisation_id)
    return Circumstances(
        has_died=person.died_on is not None,
        organisation_known=wish.to_organisation_id is None or named is not None,
        position_good=named is None or named.position_confirmed_on is not None or not settings().refuse_without_position,
        replaced=replaced,
        by_system=tx.caller.has("system"),
        not_own_next=await _is_not_own_next(tx, wish),
        confirmed=named is None or named.confirmed,
        confirmed_for_stage=named is None or named.was_confirmed_for(wish.place),
    )


def answer_due_on(tx: Tx, imported: bool) -> date | None:
    """When an answer asked for today is due; imported history owes none. Source: mission row 002-22."""
    return None if imported else working_day(tx.now.date(), settings().answer_working_days, settings().country)


async def must_be_addressable(tx: Tx, wish: Wish) -> None:
    """What held when a draft was written may have changed by now. Raises Refused("referral-not-possible")."""
    named = await organisations.find_organisation(tx, wish.to_organisation_id)
    if named is not None:
        known = addressing(named.confirmed, named.was_confirmed_for(wish.place))
        refuse("referral-not-possible", known | {"own-next-stage": await _is_not_own_next(tx, wish)})


async def _is_not_own_next(tx: Tx, wish: Wish) -> bool:
    """Whether an organisation names itself for anything but the next stage of whom it has. Source: issue of lives, section 2."""
    own = wish.from_organisation_id
    if own is None or own != wish.to_organisation_id:
        return False
    return not await journeys.leads_on(tx, wish.person_id, own, wish.place, wish.journey_id)
