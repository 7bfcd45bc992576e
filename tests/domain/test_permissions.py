"""Roles, scopes and the separation of the three administrators."""

from __future__ import annotations

import itertools

import pytest

from marketplace.domain.errors import Invalid, NotAllowed
from marketplace.domain.permissions import (
    ROLE_NAMES,
    ROLE_PERMISSIONS,
    SEPARATE_ADMINISTRATORS,
    Actor,
    Grant,
    Permission,
    Role,
    check_role_set,
    require,
)


def _actor(role: Role, *path: int) -> Actor:
    return Actor(user_id=1, name="a", grants=(Grant(role, path[-1], path),))


def test_every_role_has_a_name_and_permissions() -> None:
    assert set(ROLE_NAMES) == set(ROLE_PERMISSIONS) == set(Role)


def test_a_grant_reaches_its_unit_and_what_is_below_and_nothing_else() -> None:
    officer = _actor(Role.UNIT_ASSET_OFFICER, 1, 5)
    assert officer.may(Permission.EDIT_ASSETS, (1, 5))
    assert officer.may(Permission.EDIT_ASSETS, (1, 5, 9))
    assert not officer.may(Permission.EDIT_ASSETS, (1,))
    assert not officer.may(Permission.EDIT_ASSETS, (1, 6))


def test_listings_reach_whoever_stands_below_the_circle() -> None:
    assert _actor(Role.STAFF, 1, 5, 9).circles() == {1, 5, 9}
    assert _actor(Role.SYSTEM_ADMINISTRATOR, 1).circles() == frozenset()


@pytest.mark.parametrize("role", [Role.SECURITY_ADMINISTRATOR, Role.SYSTEM_ADMINISTRATOR])
def test_administrators_can_not_do_business(role: Role) -> None:
    business = {Permission.FIND, Permission.READ_ASSETS, Permission.EDIT_ASSETS, Permission.LIST_ASSETS}
    assert not ROLE_PERMISSIONS[role] & business
    assert Permission.READ_AUDIT not in ROLE_PERMISSIONS[role]


def test_an_auditor_changes_nothing() -> None:
    changing = {
        p
        for p in Permission
        if p.value.split(".")[1] in {"edit", "import", "list", "manage", "run", "request"}
    }
    assert not ROLE_PERMISSIONS[Role.AUDITOR] & changing


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(Role, 2)))
def test_administrators_stand_alone(one: Role, other: Role) -> None:
    if SEPARATE_ADMINISTRATORS & {one, other}:
        with pytest.raises(Invalid, match="三员分立"):
            check_role_set([one, other])
    else:
        check_role_set([one, other])


def test_nobody_may_do_anything_without_a_grant() -> None:
    for permission in Permission:
        with pytest.raises(NotAllowed):
            require(Actor(user_id=1, name="a"), permission, (1, 2))
