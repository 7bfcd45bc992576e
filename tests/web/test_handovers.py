"""Hand-over and return on a phone: who may sign, what is asked for, photos, damage."""

from __future__ import annotations

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from marketplace.app import Application
from marketplace.db.orders import DamageCase, Order
from marketplace.db.session import SessionFactory
from marketplace.domain.orders import OrderKind, OrderState
from tests.media.pictures import encoded, quarters
from tests.use_cases.ordering import Town
from tests.web.conftest import Clock, Visitor
from tests.web.office import Play, Scene, stage

STROKES = '{"w":600,"h":240,"s":[[60,60,120,180,200,60,260,190]]}'


@pytest.fixture
def play(app: Application, clock: Clock, sessions: SessionFactory) -> Play:
    """Found a town, let something happen in it, and open its doors."""
    return stage(app, clock, sessions)


def approved(**wish: Any) -> Callable[[Town], list[Order]]:
    return lambda town: [town.approved(town.listed(name="钢琴"), **wish)]


def lent(town: Town) -> list[Order]:
    return [town.handed_over(order) for order in approved(kind=OrderKind.LOAN)(town)]


def form(scene: Scene, **more: str) -> dict[str, Any]:
    """Everything that is to be filled in."""
    checked = [str(line.id) for line in scene.order().lines]
    return {"checked": checked, "condition": "good", "signature": STROKES, **more}


def sign(scene: Scene, name: str, page: str = "hand-over", **more: str) -> TestResponse:
    visitor = scene.visitor(name)
    visitor.get(f"/orders/{scene.orders[0]}/{page}")
    return visitor.post(f"/orders/{scene.orders[0]}/{page}", form(scene, **more))


def test_both_officers_sign_and_the_thing_changes_hands(play: Play) -> None:
    scene = play(approved())
    [order] = scene.orders
    first = sign(scene, "A.officer", note="含琴凳一个")
    assert first.headers["Location"] == f"/orders/{order}/hand-over"
    waiting = scene.visitor("A.officer").get(f"/orders/{order}/hand-over").text
    assert "已签字" in waiting
    assert "等签字" in waiting
    assert "签字确认" not in waiting
    assert '<path d="M60 60' in waiting
    assert scene.order().state == OrderState.APPROVED
    second = sign(scene, "B.officer")
    assert second.headers["Location"] == f"/orders/{order}"
    done = scene.order()
    assert done.state == OrderState.COMPLETED
    [record] = done.handovers
    assert (record.condition, record.note) == ("good", "含琴凳一个")
    assert record.receiver_signature == {"w": 600, "h": 240, "s": [[60, 60, 120, 180, 200, 60, 260, 190]]}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"checked": ""}, "核对一项勾一项"),
        ({"condition": ""}, "请选择完好程度"),
        ({"condition": "splendid"}, "请选择完好程度"),
        ({"signature": ""}, "请在框内签名"),
        ({"signature": '{"w":600,"h":240,"s":[[1,1]]}'}, "签名太小"),
        ({"signature": "<svg onload=alert(1)>"}, "签名没有读出来"),
        ({"signature": "", "signature_name": "别人"}, "不一致"),
    ],
)
def test_what_is_missing_is_asked_for_and_what_was_typed_stays(
    play: Play, change: dict[str, str], said: str
) -> None:
    scene = play(approved())
    answer = sign(scene, "A.officer", note="含琴凳一个", **change)
    assert answer.status_code == 422
    assert said in answer.text
    assert "含琴凳一个" in answer.text
    assert all(record.giver_at is None for record in scene.order().handovers)


def test_a_typed_name_signs_as_well(play: Play) -> None:
    scene = play(approved())
    visitor = scene.visitor("A.officer")
    page = visitor.get(f"/orders/{scene.orders[0]}/hand-over").text
    name = page.split('placeholder="')[-1].split('"')[0]
    typed = {"signature": "", "signature_name": name, "signature_agree": "1"}
    assert visitor.post(f"/orders/{scene.orders[0]}/hand-over", form(scene, **typed)).status_code == 302
    assert scene.order().handovers[0].giver_signature == {"typed": name}


def test_nobody_but_the_two_officers_signs(play: Play) -> None:
    scene = play(approved())
    for name, status in (("B.staff", 403), ("A.approver", 403), ("C.officer", 404)):
        visitor = scene.visitor(name)
        page = visitor.get(f"/orders/{scene.orders[0]}/hand-over")
        assert "签字确认" not in page.text
        answer = visitor.post(f"/orders/{scene.orders[0]}/hand-over", form(scene))
        assert answer.status_code == status, name
    assert scene.order().handovers == []
    assert sign(scene, "A.officer").status_code == 302
    again = sign(scene, "A.officer")
    assert again.status_code == 403
    assert "您不能对这张申请单办理" in again.text


def test_what_is_not_approved_cannot_be_handed_over(play: Play) -> None:
    scene = play(lambda town: [town.submitted(town.listed())])
    page = scene.visitor("A.officer").get(f"/orders/{scene.orders[0]}/hand-over")
    assert "审批还没有完成" in page.text
    assert sign(scene, "A.officer").status_code == 409


def test_a_later_loan_says_when_it_can_be_handed_over(play: Play, clock: Clock) -> None:
    scene = play(approved(kind=OrderKind.LOAN, days=(3, 9)))
    path = f"/orders/{scene.orders[0]}/hand-over"
    assert "开始那天才能交接" in scene.visitor("A.officer").get(path).text
    clock.advance(days=3)
    assert "签字确认" in scene.visitor("A.officer").get(path).text


def test_a_transfer_is_never_given_back(play: Play) -> None:
    scene = play(approved())
    assert scene.visitor("A.officer").get(f"/orders/{scene.orders[0]}/return").status_code == 404


def upload(visitor: Visitor, path: str, data: bytes, **options: Any) -> TestResponse:
    visitor.get(path.removesuffix("/photos"))
    file = (io.BytesIO(data), "照片.jpg")
    return visitor.post(path, {"file": file}, content_type="multipart/form-data", **options)


def test_photos_are_kept_at_once_and_shown_to_those_who_may_read_the_order(play: Play) -> None:
    scene = play(approved())
    path = f"/orders/{scene.orders[0]}/hand-over/photos"
    giver = scene.visitor("A.officer")
    assert upload(giver, path, encoded(quarters(), "JPEG")).status_code == 302
    [record] = scene.order().handovers
    [digest] = record.photos
    address = f"/orders/{scene.orders[0]}/photos/{digest}/thumb.webp"
    assert address in giver.get(path.removesuffix("/photos")).text
    shown = giver.get(address)
    assert shown.mimetype == "image/webp"
    assert shown.headers["Cache-Control"] == "private, no-store"
    assert scene.visitor("B.staff").get(address).status_code == 200
    assert scene.visitor("C.officer").get(address).status_code == 404
    assert giver.get(address.replace(digest, "0" * 64)).status_code == 404
    assert giver.get(address.replace("thumb", "huge")).status_code == 404
    assert scene.visitor("C.officer").get(f"/media/{digest}/thumb.webp").status_code == 404


def test_a_photo_can_be_taken_away_until_somebody_signs(play: Play) -> None:
    scene = play(approved())
    path = f"/orders/{scene.orders[0]}/hand-over/photos"
    giver = scene.visitor("A.officer")
    for width in (160, 200):
        upload(giver, path, encoded(quarters(width), "JPEG"))
    [record] = scene.order().handovers
    one, other = record.photos
    giver.post(f"{path}/{one}/remove")
    assert scene.order().handovers[0].photos == [other]
    assert sign(scene, "A.officer").status_code == 302
    receiver = scene.visitor("B.officer")
    receiver.get(path.removesuffix("/photos"))
    answer = receiver.post(f"{path}/{other}/remove", follow_redirects=True)
    assert "不能再移除" in answer.text
    assert scene.order().handovers[0].photos == [other]
    refused = upload(giver, path, encoded(quarters(240), "JPEG"), follow_redirects=True)
    assert "您不能对这张申请单办理" in refused.text
    assert scene.order().handovers[0].photos == [other]


def test_what_is_no_picture_says_so(play: Play) -> None:
    scene = play(approved())
    path = f"/orders/{scene.orders[0]}/hand-over/photos"
    giver = scene.visitor("A.officer")
    answer = upload(giver, path, b"%PDF-1.7", headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "data-error-message" in answer.text
    assert upload(scene.visitor("B.staff"), path, encoded(quarters(), "PNG")).status_code == 403
    assert scene.order().handovers == []


def test_a_loan_comes_back_damaged_and_that_is_settled(play: Play, sessions: SessionFactory) -> None:
    scene = play(lent)
    [order] = scene.orders
    borrower = sign(scene, "B.officer", "return", damage="不该由借用方填写")
    assert borrower.status_code == 403
    assert sign(scene, "B.officer", "return").status_code == 302
    assert sign(scene, "A.officer", "return", condition="repair", damage="琴键断裂").status_code == 302
    assert scene.order().state == OrderState.RETURNED
    with sessions() as session:
        [case] = session.scalars(select(DamageCase))
    holder = scene.visitor("A.officer")
    assert "琴键断裂" in holder.get("/inbox").text
    path = f"/orders/{order}/damage/{case.id}"
    wrong = holder.post(path, {"compensation": "三百", "settlement": "已修复"})
    assert wrong.status_code == 422
    assert "三百" in wrong.text
    missing = holder.post(path, {"compensation": "", "settlement": "已修复"})
    assert "请填写赔偿金额" in missing.text
    assert scene.visitor("B.officer").get(f"/orders/{order}/return").status_code == 200
    done = holder.post(path, {"compensation": "300", "settlement": "已修复，费用已付", "next": "/inbox"})
    assert done.headers["Location"] == "/inbox"
    with sessions() as session:
        settled = session.get_one(DamageCase, case.id)
        assert (settled.compensation, settled.settlement) == (Decimal("300.00"), "已修复，费用已付")
    assert "¥300.00" in holder.get(f"/orders/{order}/return").text


def test_a_scanned_label_leads_to_the_signature_else_to_the_asset(play: Play) -> None:
    scene = play(approved())
    asset = scene.order().lines[0].asset_id
    officer = scene.visitor("B.officer").get(f"/a/{asset}")
    assert officer.headers["Location"] == f"/orders/{scene.orders[0]}/hand-over"
    stranger = scene.visitor("C.officer").get(f"/a/{asset}")
    assert stranger.headers["Location"] == f"/assets/{asset}"
