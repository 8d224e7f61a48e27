"""Merges come on the streams of different persons, so in any order: everybody's circle ends with whom they were merged into last."""

import asyncio
from itertools import pairwise, permutations

import pytest

from shared.events.referral import PersonErased, PersonMerged
from tests.builders_family import DAY, a_contact, a_liaison, a_way
from tests.harness import ServiceUnderTest


@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_chain_of_merges_ends_at_its_end_in_any_order(family: ServiceUnderTest, order: tuple[int, ...]) -> None:
    ways = [await a_way(family) for _ in range(4)]
    contact_id, _ = await a_contact(family, ways[0], topics=["stage"])
    merges = [PersonMerged(person_id=a.person_id, into_id=b.person_id) for a, b in pairwise(ways)]
    await family.deliver(*(merges[place] for place in order))
    await family.deliver(*(way.started() for way in ways))
    (row,) = await family.fetch("SELECT person_id FROM contact WHERE contact_id = $1", contact_id)
    assert row["person_id"] == ways[-1].person_id
    told = await family.fetch("SELECT DISTINCT person_id FROM message WHERE contact_id = $1", contact_id)
    assert [r["person_id"] for r in told] == [ways[-1].person_id]
    assert len(await family.fetch("SELECT FROM message WHERE contact_id = $1", contact_id)) == 4
    assert (await family.call("GET", f"/contacts/{contact_id}", a_liaison(ways[0].organisation_id))).status_code == 200


async def test_two_merges_of_a_chain_at_once_end_at_its_end(family: ServiceUnderTest) -> None:
    for _ in range(10):
        a, b, c = [await a_way(family) for _ in range(3)]
        contact_id, _ = await a_contact(family, a, topics=["stage"])
        merges = [PersonMerged(person_id=x.person_id, into_id=y.person_id) for x, y in ((a, b), (b, c))]
        await asyncio.gather(*(family.deliver(merge) for merge in merges))
        (row,) = await family.fetch("SELECT person_id FROM contact WHERE contact_id = $1", contact_id)
        assert row["person_id"] == c.person_id


async def test_nothing_is_related_to_an_erased_person_by_a_merge(family: ServiceUnderTest) -> None:
    """A tombstone wins, whichever comes first."""
    one, other = await a_way(family), await a_way(family)
    erased = PersonErased(person_id=other.person_id, on=DAY)
    await family.deliver(erased, PersonMerged(person_id=one.person_id, into_id=other.person_id))
    assert await family.fetch("SELECT FROM person_organisation WHERE person_id = $1", other.person_id) == []


async def test_what_a_guardian_gave_ends_with_a_merge_into_an_adult(family: ServiceUnderTest) -> None:
    """Source: mission rows 000-24, 000-25."""
    minor, adult = await a_way(family, "minor"), await a_way(family)
    contact_id, _ = await a_contact(family, minor, topics=["stage"], given_by="guardian")
    await family.deliver(PersonMerged(person_id=minor.person_id, into_id=adult.person_id), adult.started())
    assert await family.fetch("SELECT FROM message WHERE contact_id = $1", contact_id) == []
