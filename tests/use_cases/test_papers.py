"""Issuing the papers of orders, and finding them again by their codes."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from marketplace.db.audit import AuditEntry
from marketplace.db.orders import Order
from marketplace.db.papers import Paper
from marketplace.domain.errors import Conflict, NotFound
from marketplace.domain.orders import OrderKind
from marketplace.domain.papers import PaperKind, grouped
from marketplace.use_cases import loans, papers
from tests.conftest import NOW
from tests.use_cases.ordering import TODAY, Town, found_town

ZONE = ZoneInfo("Asia/Shanghai")
LATER = NOW + dt.timedelta(days=2)


@pytest.fixture
def town(session: Session) -> Town:
    return found_town(session)


def issue(town: Town, order: Order, who: str = "B.staff", now: dt.datetime = NOW) -> Paper:
    town.session.flush()
    return papers.issue_for_order(town.session, town.actor(who), now, ZONE, "secret", order.id)


def count(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Paper)) or 0


def test_a_transfer_slip_holds_the_whole_order(town: Town) -> None:
    asset = town.listed(quantity=5, original_value="5000.00", accumulated_depreciation=1000, model="ZH-2")
    order = town.handed_over(town.approved(asset, quantity=2))
    paper = issue(town, order)
    content = paper.content
    assert (paper.kind, paper.version, content["number"]) == (PaperKind.TRANSFER_SLIP, 1, order.number)
    assert [party["name"] for party in content["parties"]] == [town.units["A"].name, town.units["B"].name]
    [line] = content["items"]
    assert (line["quantity"], line["original_value"], line["depreciation"]) == (2, "2000.00", "400.00")
    assert content["totals"]["in_capitals"] == "人民币贰仟元整"
    assert [one["verdict"] for one in content["decisions"]] == ["同意", "同意"]
    assert content["decisions"][0]["step"] == "调入方单位审批人"
    assert content["signed"] is True
    assert content["handover"]["giver"]["name"] == town.users["A.officer"].name


def test_both_departments_are_named(town: Town) -> None:
    order = town.approved(town.listed(), who="H.staff")
    departments = [party["department"] for party in issue(town, order, "H.staff").content["parties"]]
    assert all(departments)
    assert departments[0] != departments[1]


def test_printing_again_is_the_same_paper_until_the_order_goes_on(town: Town) -> None:
    order = town.approved(town.listed())
    first = issue(town, order)
    assert issue(town, order, "A.officer", LATER) is first
    assert first.content["signed"] is False
    second = issue(town, town.handed_over(order))
    assert (second.version, second.code != first.code) == (2, True)
    assert count(town.session) == 2
    actions = select(func.count()).where(AuditEntry.action == "paper.issue")
    assert town.session.scalar(actions) == 2


def test_a_loan_agreement_names_the_first_and_the_last_day(town: Town) -> None:
    order = town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN, days=(0, 9)))
    content = issue(town, order).content
    assert content["kind"] == PaperKind.LOAN_AGREEMENT
    assert (content["starts_on"], content["days"]) == (TODAY.isoformat(), 10)
    assert (content["signed"], content["ended"]) == (True, False)
    town.given_back(order)
    assert issue(town, order).content["ended"] is True


def test_a_renewal_stands_on_the_agreement_that_it_prolongs(town: Town) -> None:
    loan = town.handed_over(town.approved(town.listed(), kind=OrderKind.LOAN, days=(0, 9)))
    before = issue(town, loan)
    new_end = TODAY + dt.timedelta(days=20)
    officer = town.actor("B.officer")
    renewal = loans.renew(town.session, officer, NOW, TODAY, loan.id, new_end, "赛事延期")
    assert issue(town, renewal) is before
    town.agree(renewal, *town.way_of(renewal))
    paper = issue(town, renewal)
    assert (paper.order_id, paper.version) == (loan.id, before.version + 1)
    assert paper.content["ends_on"] == before.content["ends_on"]
    assert paper.content["renewals"] == [{"number": renewal.number, "ends_on": new_end.isoformat()}]


def test_there_is_no_paper_before_the_approval(town: Town) -> None:
    order = town.submitted(town.listed())
    with pytest.raises(Conflict):
        issue(town, order)
    assert count(town.session) == 0


def test_strangers_get_no_paper(town: Town) -> None:
    order = town.approved(town.listed())
    with pytest.raises(NotFound):
        issue(town, order, "C.officer")
    assert count(town.session) == 0


def test_a_paper_is_found_by_its_code(town: Town) -> None:
    paper = issue(town, town.approved(town.listed()))
    found = papers.verify(town.session, TODAY, "secret", f" {grouped(paper.code).lower()} ")
    assert (found.paper, found.genuine, found.newer, found.state) == (paper, True, None, "approved")


def test_an_older_paper_names_the_newer_one(town: Town) -> None:
    order = town.approved(town.listed())
    old, new = issue(town, order), issue(town, town.handed_over(order))
    found = papers.verify(town.session, TODAY, "secret", old.code)
    assert (found.genuine, found.newer, found.state) == (True, new, "completed")


@pytest.mark.parametrize("wrong", ["", "x", "2345-6789-ABCD-EFGH", "'; --"])
def test_a_code_that_no_paper_bears_finds_nothing(town: Town, wrong: str) -> None:
    issue(town, town.approved(town.listed()))
    with pytest.raises(NotFound):
        papers.verify(town.session, TODAY, "secret", wrong)


def test_a_changed_code_finds_nothing(town: Town) -> None:
    code = issue(town, town.approved(town.listed())).code
    for at, character in enumerate(code):
        other = code[:at] + ("3" if character == "2" else "2") + code[at + 1 :]
        with pytest.raises(NotFound):
            papers.verify(town.session, TODAY, "secret", other)


def test_a_record_that_was_tampered_with_does_not_verify(town: Town) -> None:
    paper = issue(town, town.approved(town.listed()))
    changed = {**paper.content, "number": "DB2026099999"}
    town.session.execute(update(Paper).where(Paper.id == paper.id).values(content=changed))
    town.session.refresh(paper)
    assert not papers.verify(town.session, TODAY, "secret", paper.code).genuine
    town.session.execute(update(Paper).where(Paper.id == paper.id).values(digest="0" * 64))
    assert not papers.verify(town.session, TODAY, "secret", paper.code).genuine
