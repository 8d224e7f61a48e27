"""One person and the organisations around it, as the chapters of `test_a_life.py` see them over HTTP."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx2

from tests.e2e.system import System
from tests.eventually import eventually_sync

TODAY = datetime.now(UTC).date()
WRITTEN = {"given_on": str(TODAY), "how": "written"}


def ago(days: int) -> str:
    return str(TODAY - timedelta(days=days))


@dataclass
class Life:
    """The organisations around one person, and the ids that the services answered."""

    system: System
    clinic: UUID
    centre: UUID
    other: UUID
    club: UUID
    home: UUID
    ids: dict[str, str] = field(default_factory=dict)

    def call(self, who: UUID | str, role: str, method: str, path: str, body: Any = None, sub: str = "") -> httpx2.Response:
        """A request of a role at an organisation or, for a person or contact, of itself. The path begins with the service."""
        _, service, *rest = path.split("/")
        token = self.system.token(role, sub=who) if isinstance(who, str) else self.system.token(role, who, sub)
        return self.system.call(method, service, "/" + "/".join(rest), token, body)

    def do(self, who: UUID | str, role: str, method: str, path: str, body: Any = None, sub: str = "") -> str:
        """A command that is accepted once its service has heard what it builds on; returns the id it answers."""

        def answered() -> str:
            answer = self.call(who, role, method, path, body, sub)
            assert answer.status_code in (200, 201, 404, 409), f"{path}: {answer.status_code} {answer.text}"
            return str(answer.json()["id"]) if answer.is_success else ""

        return eventually_sync(answered)

    def status(self, who: UUID | str, role: str, path: str, sub: str = "") -> int:
        return self.call(who, role, "GET", path, sub=sub).status_code

    def becomes(self, wanted: int, who: UUID | str, role: str, path: str) -> None:
        """What another service tells is heard a moment later."""
        eventually_sync(lambda: self.status(who, role, path) == wanted)

    @property
    def person(self) -> str:
        return f"/referral/persons/{self.ids['person']}"

    @property
    def journey(self) -> str:
        return f"/programme/journeys/{self.ids['journey']}"

    @property
    def contacts(self) -> str:
        return f"/family/persons/{self.ids['person']}/contacts"

    def name_seen(self, who: UUID) -> str | None:
        """The name as an organisation reads it: None without a consent. Raises for who may not read the person at all."""
        shown = self.call(who, "coordinator", "GET", self.person).raise_for_status().json()["identity"]
        return str(shown["name"]) if shown else None

    def knows_nothing(self, who: UUID) -> None:
        """Wherever it asks, the person does not exist; it can open nothing, consent to nothing, record nothing."""
        places = (("coordinator", self.person), ("clinician", self.journey), ("liaison", self.contacts))
        assert [self.status(who, role, path) for role, path in places] == [404, 404, 404]
        opened = {"person_id": self.ids["person"], "pathway": "addiction-rehabilitation", "opened_on": ago(1)}
        assert self.call(who, "clinician", "POST", "/programme/journeys", opened).status_code == 404
        told = {"discloser_organisation_id": str(self.clinic), "to_organisation_id": str(who), "scope": "referral", "purpose": "care"}
        assert self.call(who, "coordinator", "POST", f"{self.person}/consents", told | WRITTEN).status_code == 404
        assert self.call(who, "coordinator", "PUT", f"{self.person}/death", {"on": ago(1)}).status_code == 404
        assert self.call(who, "coordinator", "GET", f"{self.person}/consents").status_code == 404
        seen = self.call(who, "clinician", "GET", f"/programme/seen/referral/{self.ids['person']}/1").json()
        assert seen == {"state": "waiting"}

    def referral_shown(self, who: UUID) -> dict[str, Any]:
        found: dict[str, Any] = (
            self.call(who, "coordinator", "GET", f"/referral/referrals/{self.ids['referral']}").raise_for_status().json()
        )
        return found
