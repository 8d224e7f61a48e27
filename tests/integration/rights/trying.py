"""How one cell is tried: the real request by a caller in that relation, on a service whose transactions are all rolled back."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.docs.relations import Verdict
from shared.database import Database, Tx
from shared.identity import SYSTEM, Caller
from tests.contract.routes import Way
from tests.harness import ServiceUnderTest, a_caller

VERDICTS: dict[int, Verdict] = {200: "yes", 201: "yes", 404: "absent", 422: "refused", 409: "refused"}
"""yes: 2xx. refused: the case is there, and a rule says no. absent: 404, as if there were nothing; of a list: the case is not in it."""


class RollingBack(Database):
    """Every transaction does all its work and leaves nothing, so that each cell finds the same world."""

    @asynccontextmanager
    async def transaction(self, caller: Caller = SYSTEM, first: str = "") -> AsyncIterator[Tx]:
        async with self._lent(transacts=True) as connection:
            try:
                yield Tx(connection, self.now(), caller, begun=await connection.execute(f"BEGIN;{first}"))
            finally:
                await connection.execute("ROLLBACK")


@dataclass
class World:
    """A case as a service knows it, and who stands how to it.

    `organisations` and `people` by relation; a person's relation is for the roles person and contact. `ids`: what the paths name;
    `own`: the same where a relation has its own, such as its referral. `bodies` by route; one that depends on the caller is a function.
    """

    service: ServiceUnderTest
    organisations: dict[str, UUID]
    ids: dict[str, str]
    bodies: Mapping[str, Any]
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    paths: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def begin(self) -> None:
        """From here on nothing is kept."""
        state = self.service.client._transport.app.state  # type: ignore[attr-defined]
        state.database = RollingBack(self.service.api.pool, self.service.api.now)

    def relations(self, role: str) -> list[str]:
        return list(self.people.get(role, self.organisations))

    async def verdict(self, way: Way, role: str, relation: str) -> Verdict:
        """Raises AssertionError for an answer that is no verdict: a body that does not fit, a failure."""
        route = f"{way.method} {way.route.path}"
        ids = self.ids | dict(self.own.get(relation, {})) | dict(self.paths.get(route, {}))
        path = way.route.path.format(**{name: ids[name] for name in way.route.param_convertors})
        sub = self.people.get(role, {}).get(relation, "")
        caller = a_caller(role, None if sub else self.organisations[relation], sub, ("UZ-BU",))
        body = self.bodies.get(route, {})
        answer = await self.service.call(way.method, path, caller, body(relation) if callable(body) else body)
        fits = answer.status_code in VERDICTS and "problem:validation" not in answer.text
        assert fits, f"{route} {role} {relation}: {answer.status_code} {answer.text}"
        if "problem:not-yet-known" in answer.text:
            return "absent"  # what comes for an unknown person too
        in_list = way.route.param_convertors or any(known in answer.text for known in ids.values())
        return VERDICTS[answer.status_code] if way.method != "GET" or in_list else "absent"
