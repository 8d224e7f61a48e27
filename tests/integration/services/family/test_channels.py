"""Channels come from the registry, and the database checks them against a table: proved with a third one, a pager over real TCP."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from services.family.channel import service as channels
from services.family.channel.domain import Send
from shared.database import connect, migrate
from shared.events.family import MessageSuppressed
from shared.events.referral import PersonErased, PersonMerged
from tests.builders_family import DAY, Recorder, Way, a_contact_caller, a_liaison, a_way, add_contact, give, revoke, send_next, states
from tests.contract.test_migrations import an_empty_database
from tests.harness import Servers, ServiceUnderTest
from tests.integration.services.family import pager

ROW = "INSERT INTO channel (name) VALUES ('pager')"
ADDRESSES = {"pager": "4711"}
OLDER = """
INSERT INTO contact (contact_id, person_id, name, relation, kind, majority, language, email, added_at)
VALUES ($1, $2, 'contact 2', 'friend', 'family', 'adult', 'en', $3, clock_timestamp())
"""
"""As the version from before `contact_address` adds a contact."""


class WithPager(channels.ChannelSettings, pager.PagerSettings):
    """The settings of all channels, the pager's too."""


@dataclass
class Paging:
    """A paging server on loopback: what it got, and what it answers; None: it closes without a word."""

    answer: str | None = "TAKEN 1"
    got: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.got.append((await reader.readline()).decode().strip())
        if self.answer is not None:
            writer.write(f"{self.answer}\n".encode())
        writer.close()

    @property
    def send(self) -> Send:
        return channels.senders(WithPager(pager_port=self.port, pager_timeout_s=5))["pager"]


@pytest.fixture
async def paging(family: ServiceUnderTest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Paging]:
    """The registry's line and the migration's row, with the server that the channel sends to."""

    def opened(own: Any) -> Send:
        return pager.opened(own)

    monkeypatch.setitem(channels.CHANNELS, "pager", channels.Entry(pager.CHANNEL, opened))
    owner = await connect(family.urls["owner"])
    await owner.execute(ROW)
    await owner.close()
    told = Paging()
    server = await asyncio.start_server(told.serve, "127.0.0.1", 0)
    told.port = server.sockets[0].getsockname()[1]
    yield told
    server.close()


async def a_paged_contact(family: ServiceUnderTest, way: Way, chosen: tuple[str, ...] = ("inbox", "pager")) -> tuple[UUID, UUID]:
    """With an address on the pager and by e-mail; answers its id and its permission's."""
    contact_id = UUID((await add_contact(family, way, addresses=ADDRESSES)).json()["id"])
    answer = await give(family, way, contact_id, channels=list(chosen))
    assert answer.status_code == 201, answer.text
    return contact_id, UUID(answer.json()["id"])


async def test_the_table_has_the_channels_of_the_registry(family: ServiceUnderTest) -> None:
    assert {row["name"] for row in await family.fetch("SELECT name FROM channel")} == set(channels.CHANNELS)


async def test_the_database_refuses_a_channel_it_does_not_know(family: ServiceUnderTest) -> None:
    way = await a_way(family)
    contact_id, _ = await a_paged_contact_by_email(family, way)
    await family.deliver(way.completed())
    given = "INSERT INTO permission (permission_id, contact_id, topics, channels, given_by, given_on, recorded_at)"
    values = f"VALUES ('{uuid4()}', '{contact_id}', '{{stage}}', '{{inbox,fax}}', 'person', '{DAY}', clock_timestamp())"
    for statement in (
        f"{given} {values}",
        "UPDATE permission SET channels = '{fax}'",
        "UPDATE message SET channel = 'fax'",
        f"INSERT INTO contact_address VALUES ('{contact_id}', 'fax', '1')",
    ):
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await family.fetch(statement)


async def a_paged_contact_by_email(family: ServiceUnderTest, way: Way) -> tuple[UUID, UUID]:
    contact_id = UUID((await add_contact(family, way)).json()["id"])
    return contact_id, UUID((await give(family, way, contact_id, channels=["inbox", "email"])).json()["id"])


async def test_a_page_says_only_that_there_is_something_to_read(family: ServiceUnderTest, paging: Paging) -> None:
    """Its subject stays too, since a pager carries none. Source: privacy section 6."""
    way = await a_way(family)
    contact_id, _ = await a_paged_contact(family, way)
    await family.deliver(way.completed())
    assert await send_next(family.worker, paging.send, "pager")
    assert not await send_next(family.worker, paging.send, "pager")
    assert paging.got == ["4711||You have a new message. Sign in to read it."]
    (item,) = (await family.call("GET", "/messages", a_contact_caller(contact_id))).json()["items"]
    assert (item["channel"], item["state"], item["text"]) == ("pager", "sent", "Step 1 of 5 has been completed.")


@pytest.mark.parametrize(
    ("answer", "state"), [("TAKEN", "sent"), ("BUSY", "pending"), ("WHAT", "uncertain"), ("", "uncertain"), (None, "uncertain")]
)
async def test_what_the_pagers_server_answers(family: ServiceUnderTest, paging: Paging, answer: str | None, state: str) -> None:
    """Source: standards section 7."""
    paging.answer, way = answer, await a_way(family)
    await a_paged_contact(family, way)
    await family.deliver(way.completed())
    await send_next(family.worker, paging.send, "pager")
    assert await states(family) == [state] and len(paging.got) == 1


async def test_a_revocation_stops_what_was_to_be_paged(family: ServiceUnderTest, paging: Paging) -> None:
    """Source: privacy section 4."""
    way = await a_way(family)
    contact_id, permission_id = await a_paged_contact(family, way)
    await family.deliver(way.completed())
    assert (await revoke(family, way, contact_id, permission_id)).status_code == 200
    assert not await send_next(family.worker, paging.send, "pager")
    (suppressed,) = await family.appended()
    assert (paging.got, await states(family)) == ([], ["suppressed"]) and isinstance(suppressed, MessageSuppressed)


async def test_what_may_be_paged_no_more_stays_in_the_inbox(family: ServiceUnderTest, paging: Paging) -> None:
    """Another permission still covers it, on another channel."""
    way = await a_way(family)
    contact_id, permission_id = await a_paged_contact(family, way)
    await give(family, way, contact_id, channels=["inbox"])
    await family.deliver(way.completed())
    await revoke(family, way, contact_id, permission_id)
    assert await send_next(family.worker, paging.send, "pager")
    rows = await family.fetch("SELECT channel, state FROM message")
    assert (paging.got, [tuple(row) for row in rows]) == ([], [("inbox", "delivered")])


async def test_one_message_takes_the_first_channel_of_the_registry(family: ServiceUnderTest, paging: Paging) -> None:
    way = await a_way(family)
    both, _ = await a_paged_contact(family, way, ("pager", "email"))
    one, _ = await a_paged_contact(family, way)
    await family.deliver(way.completed())
    rows = await family.fetch("SELECT contact_id, channel FROM message")
    assert {row["contact_id"]: row["channel"] for row in rows} == {both: "email", one: "pager"} and len(rows) == 2


async def test_an_address_is_checked_as_its_channel_says(family: ServiceUnderTest, paging: Paging) -> None:
    way = await a_way(family)
    for addresses in (
        {"pager": "12"},
        {"pager": "a-b-c"},
        {"pager": 4711},
        {"inbox": "here"},
        {"fax": "4711"},
        {"email": "other@example.org"},
    ):
        refused = await add_contact(family, way, addresses=addresses)
        assert refused.status_code == 422 and "fax" not in refused.text, addresses
    contact_id = UUID((await add_contact(family, way)).json()["id"])
    assert (await give(family, way, contact_id, channels=["pager"])).json()["unmet"] == ["contact-has-pager"]
    assert (await give(family, way, contact_id, channels=["fax"])).status_code == 422


async def test_an_address_by_email_has_two_names(family: ServiceUnderTest, paging: Paging) -> None:
    """The field `email` of the API is the address of the channel, whichever way it was told."""
    way, address = await a_way(family), "contact-1@example.org"
    for told in ({"email": address}, {"email": None, "addresses": {"email": address}}, {"email": address, "addresses": {"email": address}}):
        contact_id = UUID((await add_contact(family, way, **told)).json()["id"])
        shown = (await family.call("GET", f"/contacts/{contact_id}", a_contact_caller(contact_id))).json()
        assert (shown["email"], shown["addresses"]) == (address, {"email": address})


async def test_addresses_follow_a_merge_and_go_with_an_erasure(family: ServiceUnderTest, paging: Paging) -> None:
    way, into = await a_way(family), await a_way(family)
    contact_id, _ = await a_paged_contact(family, way)
    await family.deliver(PersonMerged(person_id=way.person_id, into_id=into.person_id), into.completed())
    assert await send_next(family.worker, paging.send, "pager") and len(paging.got) == 1
    held = "SELECT FROM contact_address WHERE contact_id = $1"
    assert len(await family.fetch(held, contact_id)) == 2
    await family.deliver(PersonErased(person_id=into.person_id, on=DAY))
    assert await family.fetch(held, contact_id) == []


async def test_a_version_from_before_and_this_one_see_each_others_addresses(family: ServiceUnderTest) -> None:
    """Both run side by side while a new version is brought out: the old one knows the column only."""
    way, older = await a_way(family), uuid4()
    newer = UUID((await add_contact(family, way)).json()["id"])
    await family.fetch(OLDER, older, way.person_id, "contact-2@example.org")
    shown = (await family.call("GET", f"/contacts/{older}", a_contact_caller(older))).json()
    assert shown["addresses"] == {"email": "contact-2@example.org"}
    assert [row["email"] for row in await family.fetch("SELECT email FROM contact WHERE contact_id = $1", newer)] == [
        "contact-1@example.org"
    ]


async def test_addresses_from_before_the_table_are_taken_over(servers: Servers, family: ServiceUnderTest, tmp_path: Path) -> None:
    floor, (name, folder) = family.service.migrations
    shutil.copy(folder / "0001_family.sql", tmp_path)
    async with an_empty_database(servers, "family") as url:
        await migrate(url, [floor, (name, tmp_path)])
        owner = await connect(url)
        for email in ("contact-1@example.org", None):
            await owner.execute(OLDER, uuid4(), uuid4(), email)
        await migrate(url, [floor, (name, folder)])
        rows = await owner.fetch("SELECT channel, address FROM contact_address")
        await owner.close()
    assert [tuple(row) for row in rows] == [("email", "contact-1@example.org")]


async def test_a_channel_that_only_a_newer_version_knows_is_left_to_it(family: ServiceUnderTest, paging: Paging) -> None:
    """Its message waits; what else the same permission covers is sent, and answers show both."""
    way = await a_way(family)
    contact_id, _ = await a_paged_contact(family, way)
    mailed, _ = await a_paged_contact(family, way, ("pager", "email"))
    await family.deliver(way.completed())
    del channels.CHANNELS["pager"]
    recorder = Recorder()
    assert await send_next(family.worker, recorder) and not await send_next(family.worker, recorder)
    assert [to for to, _, _ in recorder.sent] == ["contact-1@example.org"]
    (item,) = (await family.call("GET", "/messages?state=pending", a_liaison(way.organisation_id))).json()["items"]
    assert (item["contact_id"], item["channel"]) == (str(contact_id), "pager")
    assert (await family.call("GET", f"/contacts/{mailed}/permissions", a_contact_caller(mailed))).json()["items"]
