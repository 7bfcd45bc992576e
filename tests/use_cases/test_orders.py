"""From wish to hand-over, on the real database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from marketplace.db.assets import Asset
from marketplace.db.audit import AuditEntry
from marketplace.db.messages import Message
from marketplace.db.orders import Order, Reservation
from marketplace.db.people import RoleGrant
from marketplace.domain.errors import Conflict, Invalid, NotAllowed
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import Role
from marketplace.domain.states import AssetState
from marketplace.use_cases import (
    decisions,
    handovers,
    loans,
    order_drafts,
    order_endings,
    order_files,
    order_submission,
    orders,
    waiting_lists,
)
from tests import factories
from tests.conftest import NOW
from tests.use_cases.ordering import SIGNATURE, TODAY, Town, found_town

LOAN = OrderKind.LOAN


@pytest.fixture
def town(session: Session) -> Town:
    return found_town(session)


def pieces(session: Session, asset: Asset) -> int:
    """Pieces on open cards of one origin."""
    origin = asset.origin_id or asset.id
    return session.scalar(
        select(func.coalesce(func.sum(Asset.quantity), 0)).where(
            func.coalesce(Asset.origin_id, Asset.id) == origin, Asset.state != AssetState.CLOSED
        )
    )


def test_a_transfer_from_wish_to_new_card(town: Town, session: Session) -> None:
    asset = town.listed(original_value="9000.00", accumulated_depreciation=Decimal("3000.00"))
    order = town.submitted(asset)
    assert order.number == "DB2026090001"
    assert order.state == OrderState.SUBMITTED
    town.agree(order, "B.approver", "A.approver")
    assert order.state == OrderState.APPROVED
    assert asset.state == AssetState.RESERVED
    town.handed_over(order)
    assert order.state == OrderState.COMPLETED
    assert asset.state == AssetState.CLOSED
    received = session.get_one(Asset, order.lines[0].new_asset_id)
    assert received.unit_id == town.units["B"].id
    assert (received.original_value, received.net_value) == (Decimal("9000.00"), Decimal("6000.00"))
    assert received.state == AssetState.IN_USE
    assert pieces(session, asset) == 1
    assert session.scalar(select(func.count()).select_from(Reservation)) == 0


def test_across_departments_the_warehouse_manager_agrees_too(town: Town) -> None:
    order = town.submitted(town.listed(), "H.staff")
    assert [step.role for step in order.steps] == ["unit_approver", "unit_approver", "warehouse_manager"]
    town.agree(order, "H.approver", "A.approver", "manager")
    assert order.state == OrderState.APPROVED


def test_from_half_a_million_finance_agrees_too(town: Town) -> None:
    order = town.submitted(town.listed(original_value="500000.00"))
    assert order.steps[-1].role == "finance_approver"
    town.agree(order, "B.approver", "A.approver", "finance")
    assert order.state == OrderState.APPROVED


def test_a_part_splits_the_card_and_nothing_is_lost(town: Town, session: Session) -> None:
    asset = town.listed(quantity=20, original_value="1000.01", accumulated_depreciation=Decimal("333.33"))
    loan = town.submitted(asset, "C.staff", kind=LOAN, quantity=2, days=(30, 40))
    order = town.approved(asset, quantity=7)
    part = order.lines[0].asset
    assert part.id != asset.id
    assert (part.quantity, asset.quantity) == (7, 13)
    assert part.original_value + asset.original_value == Decimal("1000.01")
    assert part.accumulated_depreciation + asset.accumulated_depreciation == Decimal("333.33")
    assert part.origin_id == asset.id
    assert asset.listing.quantity == 13
    assert asset.state == AssetState.LISTED
    town.handed_over(order)
    assert pieces(session, asset) == 20
    assert loan.state == OrderState.SUBMITTED
    kept = session.scalars(select(Reservation).where(Reservation.asset_id == asset.id)).all()
    assert [row.slots.upper <= 13 for row in kept] == [True]


def test_what_is_left_when_the_rest_moves_is_on_loan_if_all_of_it_is_lent(town: Town) -> None:
    asset = town.listed(quantity=4)
    loan = town.handed_over(town.approved(asset, "C.staff", kind=LOAN, quantity=2))
    assert asset.state is AssetState.LISTED
    town.approved(asset, quantity=2)
    assert (asset.quantity, asset.state) == (2, AssetState.ON_LOAN)
    town.given_back(loan)
    assert asset.state is AssetState.LISTED


def test_what_somebody_keeps_too_long_is_not_handed_to_the_next(town: Town) -> None:
    asset = town.listed(quantity=2)
    late = town.handed_over(town.approved(asset, "C.staff", kind=LOAN, quantity=2, days=(0, 3)))
    following = town.approved(asset, kind=LOAN, quantity=2, days=(10, 20))
    day = TODAY + dt.timedelta(days=12)
    with pytest.raises(Conflict, match="借出未还"):
        town.handed_over(following, day)
    town.given_back(late, day)
    town.handed_over(following, day)
    assert asset.state is AssetState.ON_LOAN


def test_what_somebody_keeps_too_long_is_not_given_away(town: Town, session: Session) -> None:
    asset = town.listed(quantity=3)
    town.handed_over(town.approved(asset, "C.staff", kind=LOAN, quantity=2, days=(0, 3)))
    order = town.wish(asset, quantity=2)
    later = TODAY + dt.timedelta(days=12)
    order_submission.submit(session, town.actor("B.staff"), NOW, later, [order.id])
    assert order.state is OrderState.WAITING


def test_a_loan_that_nobody_decided_on_expires_with_its_last_day(town: Town, session: Session) -> None:
    asset = town.listed()
    asked = town.submitted(asset, kind=LOAN, days=(0, 3))
    waits = town.submitted(asset, "C.staff", kind=LOAN, days=(2, 3))
    last = TODAY + dt.timedelta(days=3)
    assert order_endings.expire_due(session, NOW, last) == []
    order_endings.expire_due(session, NOW, last + dt.timedelta(days=1))
    assert (asked.state, waits.state) == (OrderState.EXPIRED, OrderState.EXPIRED)
    assert not orders.open_steps(asked)


def test_who_decided_on_what_is_called_off_is_told_once(town: Town, session: Session) -> None:
    order = town.approved(town.listed(), kind=LOAN)
    order_endings.give_up(
        session, town.actor("B.staff"), NOW, TODAY, order.id, OrderAction.CALL_OFF, "不需要"
    )
    told = select(func.count()).where(Message.user_id == town.users["A.officer"].id)
    assert session.scalar(told.where(Message.kind == "order.withdrawn")) == 1


def test_called_off_after_approval_a_part_is_on_offer_again(town: Town, session: Session) -> None:
    asset = town.listed(quantity=3)
    order = town.approved(asset, quantity=2)
    part = order.lines[0].asset
    order_endings.give_up(
        session, town.actor("A.officer"), NOW, TODAY, order.id, OrderAction.CALL_OFF, "领导另有安排"
    )
    assert order.state == OrderState.WITHDRAWN
    assert part.state == AssetState.LISTED
    assert part.listing.quantity == 2
    assert pieces(session, asset) == 3


def test_the_second_waits_and_is_offered_it_when_the_first_falls_away(town: Town, session: Session) -> None:
    asset = town.listed()
    first, second = town.submitted(asset), town.submitted(asset, "C.staff")
    assert second.state == OrderState.WAITING
    decisions.decide(
        session, town.actor("B.approver"), NOW, TODAY, first.id, OrderAction.REJECT, "本单位已有同类资产"
    )
    assert first.state == OrderState.REJECTED
    assert second.state == OrderState.OFFERED
    waiting_lists.accept(session, town.actor("C.staff"), NOW, TODAY, second.id)
    town.agree(second, "C.approver", "A.approver")
    town.handed_over(second)
    assert second.state == OrderState.COMPLETED


def test_a_rejection_without_a_reason_changes_nothing(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    with pytest.raises(Invalid):
        decisions.decide(session, town.actor("B.approver"), NOW, TODAY, order.id, OrderAction.REJECT, " ")
    assert order.state == OrderState.SUBMITTED


def test_sent_back_corrected_and_submitted_again(town: Town, session: Session) -> None:
    order = town.submitted(town.listed())
    number = order.number
    town.agree(order, "B.approver")
    decisions.decide(
        session, town.actor("A.approver"), NOW, TODAY, order.id, OrderAction.SEND_BACK, "请写明存放地点"
    )
    assert order.state == OrderState.CORRECTION
    staff = town.actor("B.staff")
    order_drafts.save(session, staff, order.id, order_drafts.Details(reason="用于三楼会议室"))
    order_submission.submit(session, staff, NOW, TODAY, [order.id])
    assert (order.state, order.number, order.round) == (OrderState.SUBMITTED, number, 2)
    town.agree(order, "B.approver", "A.approver")
    assert order.state == OrderState.APPROVED


def test_nobody_approves_an_own_request(town: Town, session: Session) -> None:
    asset = town.listed()
    order = town.submitted(asset, "B.officer", kind=LOAN)
    town.agree(order, "B.approver")
    with pytest.raises(NotAllowed):
        decisions.decide(session, town.actor("B.officer"), NOW, TODAY, order.id, OrderAction.APPROVE)


def test_a_loan_with_renewal_and_return(town: Town, session: Session) -> None:
    asset = town.listed()
    loan = town.approved(asset, kind=LOAN, days=(0, 9))
    assert loan.number == "JY2026090001"
    town.handed_over(loan)
    assert (loan.state, asset.state) == (OrderState.ON_LOAN, AssetState.ON_LOAN)
    day = TODAY + dt.timedelta(days=5)
    new_end = TODAY + dt.timedelta(days=20)
    renewal = loans.renew(session, town.actor("B.staff"), NOW, day, loan.id, new_end, "会期延长")
    town.agree(renewal, "B.approver", "A.officer")
    assert renewal.state == OrderState.COMPLETED
    assert (loan.ends_on, loan.renewals) == (new_end, 1)
    town.given_back(loan, new_end + dt.timedelta(days=3))
    assert (loan.state, asset.state) == (OrderState.RETURNED, AssetState.LISTED)
    assert loan.returned_on == new_end + dt.timedelta(days=3)


def test_loans_of_the_same_thing_never_overlap(town: Town) -> None:
    asset = town.listed()
    town.submitted(asset, kind=LOAN, days=(0, 9))
    assert town.submitted(asset, "C.staff", kind=LOAN, days=(9, 12)).state == OrderState.WAITING
    assert town.submitted(asset, "H.staff", kind=LOAN, days=(13, 15)).state == OrderState.SUBMITTED


def test_a_renewal_stops_before_somebody_elses_days(town: Town, session: Session) -> None:
    asset = town.listed()
    loan = town.handed_over(town.approved(asset, kind=LOAN, days=(0, 9)))
    town.submitted(asset, "C.staff", kind=LOAN, days=(15, 20))
    with pytest.raises(Conflict) as refused:
        loans.renew(
            session, town.actor("B.staff"), NOW, TODAY, loan.id, TODAY + dt.timedelta(days=15), "会期延长"
        )
    assert refused.value.code == "not_available"
    assert loan.ends_on == TODAY + dt.timedelta(days=9)


def test_an_overdue_unit_can_not_borrow_again(town: Town, session: Session) -> None:
    late = town.handed_over(town.approved(town.listed(), kind=LOAN, days=(0, 2)))
    draft = town.draft(town.listed(), kind=LOAN, days=(5, 6))
    day = TODAY + dt.timedelta(days=3)
    with pytest.raises(Conflict) as refused:
        order_submission.submit(session, town.actor("B.staff"), NOW, day, [draft.id])
    assert refused.value.params["number"] == late.number


def test_the_borrower_is_not_blamed_for_a_holder_who_confirms_late(town: Town, session: Session) -> None:
    loan = town.handed_over(town.approved(town.listed(), kind=LOAN, days=(0, 2)))
    draft = town.draft(town.listed(), kind=LOAN, days=(5, 6))
    handovers.give_back(
        session,
        town.actor("B.officer"),
        NOW,
        TODAY + dt.timedelta(days=2),
        loan.id,
        handovers.Confirmation(signature=SIGNATURE),
    )
    order_submission.submit(session, town.actor("B.staff"), NOW, TODAY + dt.timedelta(days=4), [draft.id])
    assert draft.state == OrderState.SUBMITTED


def test_a_basket_becomes_an_order_per_holder(town: Town, session: Session) -> None:
    assets = [town.listed("A"), town.listed("A"), town.listed("H")]
    drafts = {town.draft(asset).id for asset in assets}
    assert len(drafts) == 2
    made = order_submission.submit(session, town.actor("B.staff"), NOW, TODAY, sorted(drafts))
    assert sorted(len(order.lines) for order in made) == [1, 2]
    assert [order.number for order in made] == ["DB2026090001", "DB2026090002"]


def test_what_is_taken_waits_apart_from_what_is_free(town: Town, session: Session) -> None:
    taken, free = town.listed(), town.listed()
    town.submitted(taken, "C.staff")
    town.draft(taken)
    draft = town.draft(free)
    order_files.attach(session, town.actor("B.staff"), NOW, draft.id, "会议纪要.pdf", b"%PDF-1.7 decision")
    made = order_submission.submit(session, town.actor("B.staff"), NOW, TODAY, [draft.id])
    assert [(order.state, order.lines[0].asset_id) for order in made] == [
        (OrderState.SUBMITTED, free.id),
        (OrderState.WAITING, taken.id),
    ]
    assert [[file.name for file in order.files] for order in made] == [["会议纪要.pdf"]] * 2


def test_a_transfer_waits_for_a_future_loan_until_the_borrower_makes_way(
    town: Town, session: Session
) -> None:
    asset = town.listed()
    loan = town.approved(asset, "C.staff", kind=LOAN, days=(20, 30))
    transfer = town.submitted(asset)
    assert transfer.state == OrderState.WAITING
    consent = loans.ask_consent(
        session, town.actor("A.officer"), NOW, TODAY, transfer.id, loan.id, "急需调出"
    )
    loans.answer_consent(session, town.actor("C.staff"), NOW, TODAY, consent.id, agreed=True)
    assert loan.state == OrderState.WITHDRAWN
    assert transfer.state == OrderState.OFFERED


def test_a_borrower_is_told_which_transfer_is_to_have_way(town: Town, session: Session) -> None:
    asset = town.listed()
    loan = town.approved(asset, "C.staff", kind=LOAN, days=(20, 30))
    waiting = [town.submitted(asset), town.submitted(asset)]
    for transfer in waiting:
        loans.ask_consent(session, town.actor("A.officer"), NOW, TODAY, transfer.id, loan.id, "急需调出")
    told = session.scalars(
        select(Message).where(
            Message.kind == "loan.consent_asked", Message.user_id == town.actor("C.staff").user_id
        )
    )
    assert {message.params["transfer"] for message in told} == {order.number for order in waiting}


def test_every_step_is_in_the_record(town: Town, session: Session) -> None:
    order = town.handed_over(town.approved(town.listed()))
    actions = session.scalars(
        select(AuditEntry.action)
        .where(AuditEntry.object_kind == "order", AuditEntry.object_id == order.id)
        .order_by(AuditEntry.id)
    ).all()
    assert actions == [
        "order.submit",
        *("order.approve", "order.approve"),
        *("order.hand_over", "order.hand_over", "order.complete"),
    ]


def test_nobody_signs_for_both_sides(town: Town, session: Session) -> None:
    town.users["both"] = factories.user(session, town.units["A"], Role.UNIT_ASSET_OFFICER)
    session.add(
        RoleGrant(user_id=town.users["both"].id, role=Role.UNIT_ASSET_OFFICER, unit_id=town.units["B"].id)
    )
    order = town.approved(town.listed())
    both, confirmation = town.actor("both"), handovers.Confirmation(signature=SIGNATURE)
    handovers.hand_over(session, both, NOW, TODAY, order.id, confirmation, "giver")
    with pytest.raises((NotAllowed, Conflict)):
        handovers.hand_over(session, both, NOW, TODAY, order.id, confirmation, "receiver")
    assert session.get_one(Order, order.id).state == OrderState.APPROVED


def test_only_drafts_of_ones_own_are_found(town: Town, session: Session) -> None:
    draft = town.draft(town.listed())
    assert [one.id for one in order_drafts.drafts(session, town.actor("B.staff"))] == [draft.id]
    assert not order_drafts.drafts(session, town.actor("B.officer"))
    assert not orders.allowed_actions(session, town.actor("B.officer"), TODAY, draft)
