"""What a wish is held against, gathered. What it is refused for is `wish/domain.py`'s."""

from services.referral.journey import service as journeys
from services.referral.organisation import service as organisations
from services.referral.person.domain import Person
from services.referral.settings import settings
from services.referral.transition.domain import Status
from services.referral.wish.domain import Circumstances, Wish
from shared.database import Tx


async def circumstances(tx: Tx, wish: Wish, person: Person, replaced: Status | None) -> Circumstances:
    """`replaced`: how the referral stands that this one replaces."""
    named = await organisations.find_organisation(tx, wish.to_organisation_id)
    return Circumstances(
        has_died=person.died_on is not None,
        organisation_known=wish.to_organisation_id is None or named is not None,
        position_good=named is None or named.position_confirmed_on is not None or not settings().refuse_without_position,
        replaced=replaced,
        by_system=tx.caller.has("system"),
        journey_of_another=await journeys.is_of_another(tx, wish.journey_id, wish.person_id),
        confirmed=named is None or named.confirmed,
        confirmed_for_stage=named is None or named.was_confirmed_for(wish.place),
    )
