"""Papers as somebody prints them, and as a stranger verifies them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from pypdf import PdfReader
from sqlalchemy import func, select, update

from marketplace.db.orders import Order
from marketplace.db.papers import Paper
from marketplace.db.session import transaction
from marketplace.domain.orders import OrderKind
from marketplace.domain.papers import grouped
from tests.use_cases.ordering import found_town
from tests.web.conftest import Visitor, World


@dataclass
class Printed:
    """An order with people around it."""

    world: World
    order_id: int
    number: str
    users: dict[str, str]

    def as_(self, name: str) -> Visitor:
        visitor = self.world.visitor()
        visitor.enter(self.users[name])
        return visitor

    def code(self, name: str = "B.staff") -> str:
        """Print, and read the code from the record."""
        assert self.as_(name).get(f"/orders/{self.order_id}/paper.pdf").status_code == 200
        with transaction(self.world.sessions) as session:
            latest = select(Paper.code).order_by(Paper.version.desc()).limit(1)
            return session.scalars(latest).one()


def an_order(world: World, kind: OrderKind, *, signed: bool) -> Printed:
    with transaction(world.sessions) as session:
        town = found_town(session)
        for name, user in town.users.items():
            user.name = {"A.officer": "王建国", "B.officer": "李娜"}.get(name, user.name)
            user.phone = "13800000000"
        asset = town.listed(name="会议椅", quantity=3, original_value="3000.00")
        order = town.approved(asset, kind=kind, quantity=2)
        if signed:
            town.handed_over(order)
        session.flush()
        return Printed(
            world, order.id, order.number or "", {name: user.username for name, user in town.users.items()}
        )


@pytest.fixture
def transfer(world: World) -> Printed:
    """A transfer that both sides signed."""
    return an_order(world, OrderKind.TRANSFER, signed=True)


def test_both_sides_print_the_slip(transfer: Printed) -> None:
    files = [
        transfer.as_(name).get(f"/orders/{transfer.order_id}/paper.pdf") for name in ("A.officer", "B.staff")
    ]
    assert files[0].data == files[1].data
    assert files[0].mimetype == "application/pdf"
    assert f"{transfer.number}.pdf" in files[0].headers["Content-Disposition"]
    text = "".join(page.extract_text() for page in PdfReader(io.BytesIO(files[0].data)).pages)
    assert all(said in text for said in (transfer.number, "会议椅", "2,000.00", "王建国", "李娜"))
    assert grouped(transfer.code()) in text


def test_nobody_else_prints_it(transfer: Printed) -> None:
    path = f"/orders/{transfer.order_id}/paper.pdf"
    assert transfer.as_("C.officer").get(path).status_code == 404
    assert transfer.world.visitor().get(path).status_code == 302
    with transaction(transfer.world.sessions) as session:
        assert session.scalar(select(func.count()).select_from(Paper)) == 0


def test_before_the_approval_there_is_nothing_to_print(world: World) -> None:
    with transaction(world.sessions) as session:
        town = found_town(session)
        order = town.submitted(town.listed())
        order_id, username = order.id, town.users["B.staff"].username
    visitor = world.visitor()
    visitor.enter(username)
    answer = visitor.get(f"/orders/{order_id}/paper.pdf")
    assert answer.status_code == 409
    assert "审批通过后" in answer.text


def test_a_stranger_verifies_a_slip(transfer: Printed) -> None:
    code = transfer.code()
    page = transfer.world.visitor().get(f"/verify/{grouped(code)}")
    assert page.status_code == 200
    for said in (
        "单据属实",
        transfer.number,
        "会议椅",
        "2,000.00",
        "已办结",
        "人民币贰仟元整",
        "王**",
        "李*",
    ):
        assert said in page.text, said


def test_strangers_learn_nothing_personal(transfer: Printed) -> None:
    text = transfer.world.visitor().get(f"/verify/{transfer.code()}").text
    assert not [said for said in ("王建国", "李娜", "13800000000", "新办公室使用") if said in text]


def test_a_loan_is_verified_with_its_days(world: World) -> None:
    loan = an_order(world, OrderKind.LOAN, signed=True)
    text = world.visitor().get(f"/verify/{loan.code()}").text
    assert "2026年9月1日至2026年9月10日，共10天" in text
    assert "借用中" in text


def test_codes_are_typed_as_people_type_them(transfer: Printed) -> None:
    code, stranger = transfer.code(), transfer.world.visitor()
    answer = stranger.get("/verify", query_string={"code": f" {code.lower()} "})
    assert (answer.status_code, answer.location) == (302, f"/verify/{grouped(code)}")


@pytest.mark.parametrize("typed", ["abc", "<script>", "0" * 16])
def test_what_is_no_code_is_said_to_be_none(world: World, typed: str) -> None:
    page = world.visitor().get("/verify", query_string={"code": typed})
    assert page.status_code == 200
    assert "核验码是16位" in page.text
    assert "<script>" not in page.text.partition("<main")[2].partition("</main>")[0]


@pytest.mark.parametrize("code", ["2345-6789-ABCD-EFGH", "x", "%00", "<script>"])
def test_a_code_that_no_paper_bears_is_refused(transfer: Printed, code: str) -> None:
    transfer.code()
    page = transfer.world.visitor().get(f"/verify/{code}")
    assert page.status_code == 404
    assert "没有这张单据" in page.text


def test_an_edited_code_finds_nothing(transfer: Printed) -> None:
    code = transfer.code()
    edited = ("3" if code[0] == "2" else "2") + code[1:]
    assert transfer.world.visitor().get(f"/verify/{edited}").status_code == 404


def test_a_record_that_was_changed_shows_nothing_as_true(transfer: Printed) -> None:
    code = transfer.code()
    with transaction(transfer.world.sessions) as session:
        content = session.scalars(select(Paper.content).where(Paper.code == code)).one()
        forged = {**content, "items": [{**content["items"][0], "name": "黄金"}]}
        session.execute(update(Paper).where(Paper.code == code).values(content=forged))
    text = transfer.world.visitor().get(f"/verify/{code}").text
    assert "请勿采信" in text
    assert "黄金" not in text
    assert "单据属实" not in text


def test_an_older_slip_names_the_newer_one(world: World) -> None:
    order = an_order(world, OrderKind.TRANSFER, signed=False)
    old = order.code()
    with transaction(world.sessions) as session:
        session.get_one(Order, order.order_id).reason = "补充说明后的事由"
    assert order.code() != old
    text = world.visitor().get(f"/verify/{old}").text
    assert "不是最新的一版" in text
    assert "第2版" in text
