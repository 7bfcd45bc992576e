"""The page on which limits and deadlines are set."""

from __future__ import annotations

from dataclasses import asdict

from marketplace.db.session import transaction
from marketplace.domain.order_limits import OrderLimits
from marketplace.domain.permissions import PLATFORM, Role
from marketplace.use_cases import order_limits
from tests.conftest import NOW
from tests.web.conftest import Visitor, World


def typed(world: World, **changes: object) -> dict[str, object]:
    with world.sessions() as session:
        shown = asdict(order_limits.current(session))
    return {**shown, **{f"was_{name}": value for name, value in shown.items()}, **changes}


def administrator(world: World) -> Visitor:
    visitor = world.signed_in(Role.SYSTEM_ADMINISTRATOR, at="330000")
    visitor.get("/admin/settings")
    return visitor


def current(world: World) -> OrderLimits:
    with world.sessions() as session:
        return order_limits.current(session)


def test_a_limit_is_changed(world: World) -> None:
    answer = administrator(world).post("/admin/settings", typed(world, longest_days="90"))
    assert answer.status_code == 302
    assert current(world) == OrderLimits(longest_days=90)


def test_a_value_out_of_bounds_is_said_and_what_was_typed_stays(world: World) -> None:
    answer = administrator(world).post("/admin/settings", typed(world, longest_days="0", ahead_days="77"))
    assert answer.status_code == 422
    assert 'value="77"' in answer.text
    assert current(world) == OrderLimits()


def test_a_change_meanwhile_is_a_conflict(world: World) -> None:
    visitor, form = administrator(world), typed(world, longest_days="90")
    with transaction(world.sessions) as session:
        order_limits.save(session, PLATFORM, NOW, OrderLimits(most_renewals=1), OrderLimits())
    answer = visitor.post("/admin/settings", form)
    assert answer.status_code == 409
    assert current(world) == OrderLimits(most_renewals=1)


def test_only_the_system_administrator_sets_limits(world: World) -> None:
    for role in (Role.WAREHOUSE_MANAGER, Role.AUDITOR, Role.SECURITY_ADMINISTRATOR, Role.UNIT_ASSET_OFFICER):
        assert world.signed_in(role).get("/admin/settings").status_code == 403
