"""The table relation x action, and the rules of consents, guardians, deaths and emergency access."""

from datetime import date, timedelta
from typing import Any, get_args
from uuid import UUID

import pytest

from services.referral.consent.domain import Giver, Giving, check_consent
from services.referral.death.domain import Said, check_confirmation, check_report
from services.referral.emergency.domain import check_taking
from services.referral.guardian.domain import Guardian
from services.referral.referral.domain import knows_person
from services.referral.referral.restating import Past, reopen
from services.referral.relation.domain import RIGHTS, Action, Relation, may, relations_of
from services.referral.transition.domain import Status
from shared.business_dates import unmet
from shared.errors import Refused
from shared.events.referral import ReferralAnswered, ReferralOpened
from tests.builders_referral import CENTRE, CLINIC, GUARDIAN, PERSON, STRANGER, TODAY, a_consent, a_referral

TOMORROW = TODAY + timedelta(days=1)
ALONE: tuple[Giver, ...] = ("person",)
GIVEN_BY_CLINIC = Giving(
    period="adult",
    givers=ALONE,
    organisation_id=CLINIC,
    guardian_recorded=False,
    recipient_known=True,
    discloser_may=True,
    dates={},
)
BY_GUARDIAN: dict[str, Any] = {"given_by": "guardian", "guardian_id": GUARDIAN}
MINOR: dict[str, Any] = {"period": "minor", "givers": ("guardian", "both"), "guardian_recorded": True}


@pytest.mark.parametrize(
    ("facts", "elsewhere", "relations"),
    [
        ([], True, set()),
        (["registrar"], False, {"registrar"}),
        (["registrar"], True, {"registrar-without-case"}),
        (["registrar", "holder"], True, {"registrar", "holder"}),
        (["registrar", "former-holder"], True, {"registrar-without-case", "former-holder"}),
        (["acceptor"], True, {"acceptor"}),
    ],
)
def test_a_registrar_has_the_case_until_another_holds_the_person(facts: list[str], elsewhere: bool, relations: set[Relation]) -> None:
    """Source: issue of rights, section 1."""
    assert relations_of(facts, elsewhere) == relations


@pytest.mark.parametrize(
    ("relation", "actions"),
    [
        ("former-holder", {"read-person", "follow-referral", "answer-consent-request", "revoke-consent"}),
        (
            "acceptor",
            {
                *("read-person", "see-death", "refer-early", "follow-referral", "give-consent", "answer-consent-request"),
                *("list-consents", "revoke-consent"),
            },
        ),
    ],
)
def test_what_a_relation_opens(relation: Relation, actions: set[Action]) -> None:
    """The whole row: nothing besides. Source: issue of rights, section 1; contracts section 4."""
    assert {action for action in get_args(Action) if may(action, [relation])} == actions


def test_no_relation_opens_nothing() -> None:
    assert set(RIGHTS) == set(get_args(Action))
    assert not any(may(action, []) for action in RIGHTS)


@pytest.mark.parametrize("status", get_args(Status))
@pytest.mark.parametrize("has_started", [True, False])
def test_who_was_asked_sees_whom_it_is_about_only_after_it_accepted(status: Status, has_started: bool) -> None:
    """Source: issue of rights, section 1."""
    referral = a_referral(status=status, has_started=has_started)
    taken = status in ("accepted", "in-progress", "on-hold")
    assert not knows_person(referral, CENTRE, relates=False), "as while its confirmation is withdrawn"
    assert knows_person(referral, CENTRE, relates=True) == (taken or has_started)
    assert [knows_person(referral, CLINIC, relates) for relates in (True, False)] == [True, False]
    assert not knows_person(referral, STRANGER, relates=True)


@pytest.mark.parametrize(
    ("changes", "giving", "unmet"),
    [
        ({}, {"dates": unmet(TOMORROW, TODAY)}, "date-not-in-future"),
        ({}, {"dates": unmet(TODAY, TODAY, died_on=TODAY - timedelta(days=1))}, "not-after-death"),
        ({"until": TODAY - timedelta(days=1)}, {}, "until-on-or-after-given-on"),
        ({"to_organisation_id": CLINIC}, {}, "between-two-organisations"),
        ({}, {"organisation_id": STRANGER, "discloser_may": False}, "own-organisation-takes-part"),
        ({}, {"organisation_id": CENTRE}, "own-organisation-takes-part"),
        ({}, {"discloser_may": False}, "discloser-may-tell-it"),
        ({}, {"recipient_known": False}, "organisation-known"),
        (BY_GUARDIAN, {"guardian_recorded": True}, "given-by-the-person"),
        ({}, MINOR, "given-with-guardian"),
        ({}, MINOR | {"organisation_id": None}, "given-with-guardian"),
        ({"given_by": "both"}, MINOR | {"guardian_recorded": False}, "guardian-recorded"),
        (BY_GUARDIAN, MINOR | {"organisation_id": None}, "guardian-recorded-by-an-organisation"),
        ({"guardian_id": GUARDIAN}, {}, "guardian-takes-part"),
    ],
)
def test_what_a_consent_is_refused_for(changes: dict[str, Any], giving: dict[str, Any], unmet: str) -> None:
    """Source: mission row 000-25, privacy section 4, issue of rights section 2."""
    with pytest.raises(Refused) as refused:
        check_consent(a_consent(**changes), GIVEN_BY_CLINIC._replace(**giving))
    assert refused.value.unmet == (unmet,)


@pytest.mark.parametrize("given_by", ["guardian", "both"])
def test_a_minor_consents_with_a_recorded_guardian(given_by: str) -> None:
    """Source: mission row 000-25."""
    check_consent(a_consent(given_by=given_by, guardian_id=GUARDIAN), GIVEN_BY_CLINIC._replace(**MINOR))


def test_a_jurisdiction_may_let_a_minor_consent_alone() -> None:
    """The table is a setting; a minor's own token says what it allows and nothing else."""
    check_consent(a_consent(), GIVEN_BY_CLINIC._replace(period="minor", givers=("person", "both"), organisation_id=None))


@pytest.mark.parametrize(
    ("until", "is_ended", "is_one"),
    [(None, False, True), (TODAY, False, True), (TODAY - timedelta(days=1), False, False), (None, True, False)],
)
def test_a_guardianship_has_an_end(until: date | None, is_ended: bool, is_one: bool) -> None:
    """Source: issue of rights, section 2."""
    guardian = Guardian(person_id=PERSON, contact_id=GUARDIAN, basis="parent", until=until, is_ended=is_ended)
    assert guardian.is_one_on(TODAY) == is_one
    assert a_consent(until=TOMORROW).until_at_most(until).until == (until or TOMORROW)


def test_a_death_has_a_day_that_can_be() -> None:
    """Source: issue of rights, section 4."""
    with pytest.raises(Refused) as refused:
        check_report(Said(TOMORROW, imported=True), unmet(TOMORROW, TODAY, birth_on=TOMORROW + timedelta(days=3)), True, False)
    assert refused.value.unmet == ("date-not-in-future", "not-before-birth", "reason", "imported-by-a-system")
    check_report(Said(TODAY, imported=True, reason="found in the archive"), {}, True, True)


def test_a_second_person_confirms_a_death() -> None:
    """Source: issue of rights, section 4."""
    with pytest.raises(Refused):
        check_confirmation(UUID(int=1), UUID(int=1))
    check_confirmation(UUID(int=1), UUID(int=2))
    check_confirmation(None, UUID(int=1))


@pytest.mark.parametrize(("has_consent", "has_died", "unmet"), [(True, False, "without-a-consent"), (False, True, "person-alive")])
def test_an_emergency_overrides_only_what_is_missing(has_consent: bool, has_died: bool, unmet: str) -> None:
    """Source: privacy section 4."""
    with pytest.raises(Refused) as refused:
        check_taking(has_consent, has_died)
    assert refused.value.unmet == (unmet,)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("draft", []),
        ("requested", [ReferralOpened]),
        ("accepted", [ReferralOpened, ReferralAnswered]),
        ("on-hold", [ReferralOpened, ReferralAnswered]),
    ],
)
def test_what_a_death_stopped_is_told_again(status: Status, told: list[type]) -> None:
    """Source: issue of rights, section 4."""
    changed = reopen(a_referral(status="cancelled", place_found=False, to_organisation_id=CENTRE), status, Past(TODAY))
    assert (changed.referral.status, [type(event) for event in changed.events]) == (status, told)
    (entry,) = changed.entries
    assert (entry.from_status, entry.to_status, entry.actor, entry.reason) == ("cancelled", status, "system", "death-reversed")
