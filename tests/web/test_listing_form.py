"""What an asset on offer is offered with, changed by its holder without taking it off."""

from __future__ import annotations

import datetime as dt
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select

from marketplace.db.assets import Asset, Listing
from marketplace.db.people import Unit
from marketplace.db.session import transaction
from marketplace.domain.permissions import Role
from tests import factories
from tests.web.conftest import Visitor, World, sent

CHANGED = {
    "modes": ["loan"],
    "quantity": "4",
    "condition": "fair",
    "place": "二号楼门厅",
    "contact_name": "李雷",
    "contact_phone": "0571-8500",
    "note": "缺电源",
    "audience": "department",
}


@pytest.fixture
def officer(world: World) -> Visitor:
    """Whoever keeps the cards of the first school."""
    return world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")


@pytest.fixture
def address(world: World) -> str:
    """The form for an offer of six."""
    with transaction(world.sessions) as session:
        school = session.get_one(Unit, world.units["JY-1"])
        return f"/assets/{factories.listed(session, school, '笔记本电脑', quantity=6).id}/listing"


def _offer(world: World) -> Listing:
    with world.sessions() as session:
        return session.scalars(select(Listing).where(Listing.ended_at.is_(None))).one()


def _opened(visitor: Visitor, address: str) -> dict[str, str]:
    """What the form sends along of how the offer stood when it was opened."""
    page = visitor.get(address).text
    return {name: sent(page, name) for name in ("version", "base")}


def test_the_offer_is_changed_while_it_stays_open(world: World, officer: Visitor, address: str) -> None:
    asset = address.removesuffix("/listing")
    assert f'href="{address}"' in officer.get(asset).text
    before = _offer(world)
    answer = officer.post(address, _opened(officer, address) | CHANGED)
    assert answer.location == asset
    after = _offer(world)
    assert (after.id, after.listed_at) == (before.id, before.listed_at)
    assert (after.for_transfer, after.for_loan, after.quantity) == (False, True, 4)
    assert (after.place, after.note, after.audience_unit_id) == ("二号楼门厅", "缺电源", world.units["JY"])
    page = unescape(officer.get(asset).text)
    for told in (
        "修改上架内容",
        "数量：6 → 4",
        "方式：可借用、可调剂 → 可借用",
        "先给谁：所有单位 → 先给本主管部门的单位",
    ):
        assert told in page


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"modes": []}, "modes", "请选择可调剂、可借用"),
        ({"quantity": "7"}, "quantity", "上架数量应在1到6之间"),
        ({"quantity": "许多"}, "quantity", "应为整数"),
    ],
)
def test_a_mistake_is_shown_and_what_was_typed_stays(
    world: World, officer: Visitor, address: str, wrong: dict[str, Any], field: str, message: str
) -> None:
    answer = officer.post(address, _opened(officer, address) | CHANGED | wrong)
    assert answer.status_code == 422
    assert f'href="#field-{field}"' in answer.text
    assert message in answer.text
    assert sent(answer.text, "place") == "二号楼门厅"
    assert _offer(world).quantity == 6


def test_a_lost_update_shows_what_the_other_saved(world: World, officer: Visitor, address: str) -> None:
    opened = _opened(officer, address)
    colleague = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-1")
    theirs = {"modes": ["transfer", "loan"], "quantity": "5", "condition": "good", "place": "主楼301室"}
    assert colleague.post(address, _opened(colleague, address) | theirs).status_code == 302
    refused = officer.post(address, opened | CHANGED)
    assert refused.status_code == 409
    for told in ("上架数量：5", "成色：良好", "方式：可借用、可调剂", "看样地点：主楼301室"):
        assert told in refused.text
    assert sent(refused.text, "quantity") == "4"
    assert _offer(world).quantity == 5
    again = {name: sent(refused.text, name) for name in ("version", "base")}
    assert officer.post(address, again | CHANGED).status_code == 302
    assert _offer(world).quantity == 4


def test_the_card_edited_meanwhile_is_no_conflict(world: World, officer: Visitor, address: str) -> None:
    opened = _opened(officer, address)
    with transaction(world.sessions) as session:
        row = session.scalars(select(Listing)).one()
        card = session.get_one(Asset, row.asset_id)
        card.brand, card.updated_at = "联想", card.updated_at + dt.timedelta(seconds=1)
    assert officer.post(address, opened | CHANGED).status_code == 302
    assert _offer(world).quantity == 4


def test_nobody_else_opens_or_sends_the_form(world: World, address: str) -> None:
    neighbour = world.signed_in(Role.UNIT_ASSET_OFFICER, at="JY-2")
    reader = world.signed_in(Role.AUDITOR, at="JY-1")
    for visitor in (neighbour, reader):
        assert visitor.get(address).status_code == 403
        assert visitor.post(address, CHANGED).status_code == 403
    assert _offer(world).quantity == 6


def test_what_is_no_longer_on_offer_has_no_form(officer: Visitor, address: str) -> None:
    officer.post(f"{address.removesuffix('/listing')}/withdraw")
    for answer in (officer.get(address), officer.post(address, CHANGED)):
        assert answer.status_code == 409
        assert "已不在仓" in answer.text


def test_how_it_is_awarded_is_chosen_and_its_days_have_bounds(
    world: World, officer: Visitor, address: str
) -> None:
    opened = _opened(officer, address)
    refused = officer.post(address, opened | CHANGED | {"award_rule": "window", "window_days": "21"})
    assert refused.status_code == 422
    assert "1到20个工作日" in refused.text
    assert _offer(world).award_rule == "first_come"
    officer.post(address, opened | CHANGED | {"award_rule": "window", "window_days": "8"})
    assert (_offer(world).award_rule, _offer(world).window_days) == ("window", 8)
