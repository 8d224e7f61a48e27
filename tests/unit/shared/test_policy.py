"""Who may use a route; a route that does not say fails the build."""

from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import policy
from shared.command import Done, calculations, commands, queries
from shared.errors import NotFound
from shared.identity import SYSTEM, Caller
from shared.policy import Forbidden, allows, roles

ORGANISATION = UUID(int=1)


@pytest.mark.parametrize("make", [commands, queries, calculations])
def test_a_route_without_a_policy_fails_the_build(make: Any) -> None:
    async def endpoint() -> Done:
        raise AssertionError

    with pytest.raises(TypeError, match="names no policy"):
        make("x").post("/x")(endpoint)
    router = make("x")
    router.post("/x")(allows(roles("operator"))(endpoint))
    assert len(router.routes) == 1


def test_an_unknown_role_fails_the_build() -> None:
    with pytest.raises(ValueError, match="no such role"):
        roles("clinician", "root")


@pytest.mark.parametrize(
    ("caller", "may"),
    [
        (Caller("a", ORGANISATION, "meso", frozenset({"clinician"})), True),
        (Caller("a", ORGANISATION, "meso", frozenset({"clinician", "analyst"})), True),
        (Caller("a", None, "meso", frozenset({"clinician"})), False),
        (Caller("a", ORGANISATION, "macro", frozenset({"clinician"})), False),
        (Caller("a", ORGANISATION, "none", frozenset({"clinician"})), False),
        (Caller("a", ORGANISATION, "meso", frozenset({"coordinator"})), False),
        (Caller("a", ORGANISATION, "meso", frozenset()), False),
        (SYSTEM, False),
    ],
)
def test_a_role_counts_at_its_own_level_with_an_organisation(caller: Caller, may: bool) -> None:
    assert roles("clinician")(caller) is may
    if may:
        policy.check(roles("clinician"), caller)
    else:
        with pytest.raises(Forbidden):
            policy.check(roles("clinician"), caller)


levels = st.sampled_from(["macro", "meso", "micro", "none"])
names = st.frozensets(st.sampled_from(sorted(policy.ROLES)))


@given(names, names, levels, st.sampled_from([None, ORGANISATION]))
def test_nobody_gets_in_without_a_named_role_of_the_level(wanted: Any, held: Any, level: str, organisation_id: UUID | None) -> None:
    caller = Caller("a", organisation_id, cast(Any, level), held)
    if roles(*wanted)(caller):
        of_level = {"macro": policy.MACRO, "meso": policy.MESO, "micro": policy.MICRO, "none": {"operator"}}[level]
        assert wanted & held & of_level
        assert organisation_id or level != "meso"


def test_the_case_relation_hides_what_is_foreign() -> None:
    caller = Caller("a", ORGANISATION, "meso", frozenset({"clinician"}))
    caller.must_be_one_of("journey", UUID(int=2), ORGANISATION)
    SYSTEM.must_be_one_of("journey", UUID(int=2))
    for organisations in ((), (None,), (UUID(int=2), None)):
        with pytest.raises(NotFound, match="journey"):
            caller.must_be_one_of("journey", *organisations)
    with pytest.raises(NotFound):
        Caller("a").must_be_one_of("journey", None)
