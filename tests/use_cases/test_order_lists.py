"""Lists of orders: whose they are, in what order, page by page, and how many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from marketplace.db.order_lists import Box
from marketplace.domain.errors import Invalid
from marketplace.domain.orders import OrderAction, OrderKind
from marketplace.use_cases import decisions, order_endings, order_lists
from marketplace.use_cases.order_lists import Wish
from tests.conftest import NOW
from tests.use_cases.ordering import TODAY, Town, found_town


@pytest.fixture
def town(session: Session) -> Town:
    return found_town(session)


def listed(town: Town, who: str, box: Box, **wish: str) -> list[int]:
    page = order_lists.find(town.session, town.actor(who), TODAY, box, Wish(**wish))
    return [row.order.id for row in page.rows]


def test_each_side_finds_an_order_in_its_own_box(town: Town) -> None:
    order = town.submitted(town.listed(at="A"), "B.staff")
    assert listed(town, "B.staff", Box.MINE) == listed(town, "B.officer", Box.INCOMING) == [order.id]
    assert listed(town, "A.officer", Box.OUTGOING) == [order.id]
    assert listed(town, "B.officer", Box.MINE) == listed(town, "A.officer", Box.INCOMING) == []


@pytest.mark.parametrize("box", list(Box))
def test_a_stranger_finds_nothing(town: Town, box: Box) -> None:
    first = town.submitted(town.listed(at="A"), "B.staff")
    town.submitted(first.lines[0].asset, "B.officer")
    ended = town.submitted(town.listed(at="A"), "B.staff")
    order_endings.give_up(town.session, town.actor("B.staff"), NOW, TODAY, ended.id, OrderAction.WITHDRAW)
    assert listed(town, "C.staff", box) == []


def test_drafts_are_in_no_box(town: Town) -> None:
    town.draft(town.listed())
    assert [listed(town, "B.staff", box) for box in Box] == [[]] * len(Box)


def test_what_waits_and_what_is_over_have_boxes_of_their_own(town: Town) -> None:
    asset = town.listed()
    first, second = town.submitted(asset, "B.staff"), town.submitted(asset, "C.staff")
    assert listed(town, "C.staff", Box.WAITING) == [second.id]
    order_endings.give_up(town.session, town.actor("B.staff"), NOW, TODAY, first.id, OrderAction.WITHDRAW)
    assert listed(town, "B.staff", Box.ENDED) == [first.id]
    assert listed(town, "B.staff", Box.MINE) == []


def test_what_has_to_happen_first_stands_first(town: Town) -> None:
    fresh = town.submitted(town.listed())
    late = town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN, days=(0, 2)))
    sent_back = town.submitted(town.listed())
    decisions.decide(
        town.session, town.actor("B.approver"), NOW, TODAY, sent_back.id, OrderAction.SEND_BACK, "请写明用途"
    )
    far = town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN, days=(0, 90)))
    assert listed(town, "B.staff", Box.MINE) == [late.id, fresh.id, sent_back.id, far.id]


def test_pages_follow_one_another_without_gap_or_repetition(town: Town) -> None:
    made = {town.submitted(town.listed()).id for _ in range(7)}
    seen: list[int] = []
    cursor = ""
    while True:
        page = order_lists.find(town.session, town.actor("B.staff"), TODAY, Box.MINE, Wish(), cursor, limit=3)
        seen += [row.order.id for row in page.rows]
        cursor = page.cursor
        if not cursor:
            break
    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("cursor", ["x", "1", "1-", "-1-2", "1-2-3", "１-２", "9" * 30 + "-1"])
def test_a_cursor_that_is_none_is_refused(town: Town, cursor: str) -> None:
    with pytest.raises(Invalid):
        order_lists.find(town.session, town.actor("B.staff"), TODAY, Box.MINE, Wish(), cursor)


def test_filters_narrow_a_box(town: Town) -> None:
    desk = town.submitted(town.listed(name="会议桌"))
    loan = town.handed_over(town.approved(town.listed(name="投影仪"), kind=OrderKind.LOAN, days=(0, 2)))
    assert listed(town, "B.staff", Box.MINE, kind="loan") == [loan.id]
    assert listed(town, "B.staff", Box.MINE, state="submitted") == [desk.id]
    assert listed(town, "B.staff", Box.MINE, state="due") == [loan.id]
    assert listed(town, "B.staff", Box.MINE, q="投影") == [loan.id]
    assert desk.number is not None
    assert listed(town, "B.staff", Box.MINE, q=desk.number.lower()) == [desk.id]
    assert listed(town, "B.staff", Box.MINE, unit=town.units["A"].code) == listed(town, "B.staff", Box.MINE)
    assert listed(town, "B.staff", Box.MINE, unit=town.units["H"].code) == []
    late = order_lists.find(
        town.session, town.actor("B.staff"), TODAY + dt.timedelta(days=3), Box.MINE, Wish(state="overdue")
    )
    assert [row.order.id for row in late.rows] == [loan.id]


def test_signs_in_a_search_mean_themselves(town: Town) -> None:
    town.submitted(town.listed(name="100%棉"))
    assert listed(town, "B.staff", Box.MINE, q="%") != []
    assert listed(town, "B.staff", Box.MINE, q="_") == []


def test_a_row_tells_what_is_asked_for_and_who_has_it(town: Town) -> None:
    town.submitted(town.listed(name="会议桌", quantity=5), quantity=3)
    [row] = order_lists.find(town.session, town.actor("B.staff"), TODAY, Box.MINE, Wish()).rows
    assert row.things is not None
    assert (row.things.name, row.things.kinds, row.things.pieces) == ("会议桌", 1, 3)
    [holder] = row.holders
    assert (holder.role, holder.unit) == ("unit_approver", town.units["B"].name)


def test_boxes_are_counted_with_what_is_asked_for_in_each(town: Town) -> None:
    town.submitted(town.listed(name="会议桌"))
    town.submitted(town.listed(name="投影仪"))
    wishes = {Box.MINE: Wish(q="投影"), Box.INCOMING: Wish(), Box.OUTGOING: Wish()}
    found = order_lists.counts(town.session, town.actor("B.staff"), TODAY, wishes)
    assert found == {Box.MINE: 1, Box.INCOMING: 2, Box.OUTGOING: 0}


@pytest.fixture
def queries(session: Session) -> Iterator[list[str]]:
    """Everything that is asked of the database."""
    said: list[str] = []
    connection = session.connection()

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    yield said
    event.remove(connection, "before_cursor_execute", note)


def test_more_orders_ask_no_more_queries(town: Town, queries: list[str]) -> None:
    def asked() -> int:
        town.session.flush()
        town.session.expire_all()
        actor = town.actor("B.staff")
        queries.clear()
        order_lists.find(town.session, actor, TODAY, Box.MINE, Wish())
        return len(queries)

    town.submitted(town.listed())
    few = asked()
    for _ in range(6):
        town.submitted(town.listed())
    assert asked() == few == 3
