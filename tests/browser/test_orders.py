"""From wish to hand-over in a real browser, through everyone who takes part, on a desk and on a phone."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import text

from marketplace.db.session import transaction
from tests.browser.conftest import OpenPage
from tests.browser.offices import Offices
from tests.browser.organisation import Organisation

pytestmark = pytest.mark.browser


# One half of them is on a phone when something is transferred, the other half when it is lent.
SOME = frozenset({"teacher", "director", "finance"})
OTHERS = frozenset({"principal", "keeper", "manager", "officer", ""})


def test_a_transfer_from_wish_to_paper(
    organisation: Organisation, open_page: OpenPage, tmp_path: Path
) -> None:
    offices, thing = Offices(open_page, tmp_path, on_phones=SOME), "三角钢琴"
    asset = organisation.on_offer(thing, original_value="620000.00", for_loan=False)
    teacher = _ask(offices, asset, thing)
    order = teacher.url
    expect(teacher.locator("main")).to_contain_text("现在由单位审批人")
    for username in ("principal", "director", "manager", "finance"):
        offices.agree(username, thing)
    teacher.goto(order)
    offices.look(teacher)
    expect(teacher.locator("main")).to_contain_text("待交接")

    offices.sign("keeper", asset)
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("待交接")
    offices.sign("officer", asset)
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("已办结")
    expect(teacher.get_by_role("img", name="交接照片").first).to_be_visible()
    offices.look(teacher)
    words = offices.verify(teacher, "打印调拨单")
    assert thing in words

    teacher.goto("/orders?box=ended")
    offices.look(teacher)
    expect(teacher.locator("[data-result]").filter(has_text=thing)).to_be_visible()
    officer = offices.desk("officer")
    officer.goto(order)
    officer.get_by_role("link", name="调入后的卡片").click()
    expect(officer.locator("main")).to_contain_text("江州市第一中学")
    offices.look(officer)
    assert not offices.found, "\n".join(offices.found)


def test_a_loan_that_is_renewed_and_comes_back_late(
    organisation: Organisation, open_page: OpenPage, tmp_path: Path
) -> None:
    offices, thing = Offices(open_page, tmp_path, on_phones=OTHERS), "激光投影机"
    asset = organisation.on_offer(thing, for_transfer=False)
    teacher = _ask(offices, asset, thing, days=5)
    order = teacher.url
    for username in ("principal", "keeper"):
        offices.agree(username, thing)
    offices.sign("keeper", asset)
    offices.sign("officer", asset)
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("借用中")
    offices.look(teacher)
    offices.verify(teacher, "打印借用协议")

    _renew(offices, teacher, order)
    renewal = teacher.url
    for username in ("principal", "keeper"):
        offices.agree(username, thing)
    teacher.goto(renewal)
    expect(teacher.locator("main")).to_contain_text("已办结")
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("已续借1次")

    _let_days_pass(organisation, order, days=30)
    teacher.goto("/inbox")
    offices.look(teacher)
    expect(teacher.locator("main")).to_contain_text(thing)
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("逾期未还")
    offices.look(teacher)
    offices.sign("officer", asset)
    offices.sign("keeper", asset, damage="遥控器丢失")
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("已归还")
    expect(teacher.locator("main")).to_contain_text("遥控器丢失")
    offices.look(teacher)
    assert "归还" in offices.verify(teacher, "打印借用协议")

    keeper = offices.desk("keeper")
    keeper.goto("/inbox")
    keeper.get_by_role("list", name="等您办理的事").get_by_role("link").filter(has_text=thing).click()
    offices.look(keeper)
    keeper.get_by_label("赔偿金额").fill("85")
    keeper.get_by_label("处理结果").fill("借用单位补配遥控器")
    keeper.get_by_role("button", name="记录处理结果").click()
    expect(keeper.get_by_text("都办完了")).to_be_visible()
    teacher.goto(order)
    expect(teacher.locator("main")).to_contain_text("85.00")
    keeper.goto(f"/assets/{asset}")
    expect(keeper.locator("main")).to_contain_text("在仓")
    assert not offices.found, "\n".join(offices.found)


def _ask(offices: Offices, asset: int, thing: str, *, days: int = 0) -> Page:
    """Ask for something on its own page; for ``days`` from the first that can be chosen, or for good."""
    page = offices.desk("teacher")
    page.goto(f"/assets/{asset}")
    form = page.get_by_role("region", name="申请使用")
    expect(form).to_be_visible()
    if days:
        first = dt.date.fromisoformat(form.get_by_label("借用开始").get_attribute("min") or "")
        for day in (first, first + dt.timedelta(days=days - 1)):
            _choose(page, day)
        expect(form.get_by_role("status").filter(has_text=f"{days}天")).to_be_visible()
    form.get_by_label("用途和理由").fill("新校区音乐教室使用")
    offices.look(page)
    form.get_by_role("button", name="立即申请").click()
    page.wait_for_url("**/orders/*")
    expect(page.locator("main")).to_contain_text(thing)
    return offices.look(page)


def _choose(page: Page, day: dt.date) -> None:
    """Pick a day in the calendar; the next month is a turn away on a phone."""
    cell = page.locator(f"[data-day='{day}']")
    if not cell.count():
        page.get_by_role("button", name="下个月").click()
    cell.click()


def _renew(offices: Offices, page: Page, order: str) -> None:
    """Ask for ten days more."""
    page.goto(order)
    form = page.get_by_role("button", name="提交续借申请").locator("xpath=ancestor::form")
    said = re.search(r"现在(\d+)年(\d+)月(\d+)日到期", form.inner_text())
    assert said is not None
    last = dt.date(*map(int, said.groups())) + dt.timedelta(days=10)
    form.get_by_label("新的归还日期").fill(last.isoformat())
    form.get_by_label("续借理由").fill("演出延期")
    page.keyboard.press("Escape")
    offices.look(page)
    form.get_by_role("button", name="提交续借申请").click()
    page.wait_for_url(lambda url: url != order)
    expect(page.locator("main")).to_contain_text("续借")
    offices.look(page)


def _let_days_pass(organisation: Organisation, order: str, *, days: int) -> None:
    """The program's clock is the real one: so what was agreed for later was agreed for earlier."""
    number = {"number": int(order.rsplit("/", 1)[1].split("?")[0]), "days": days}
    with transaction(organisation.sessions) as session:
        session.execute(_EARLIER, number)
        session.execute(_KEPT_EARLIER, number)


_EARLIER = text(
    "UPDATE orders SET starts_on = starts_on - :days, ends_on = ends_on - :days WHERE id = :number"
)
_KEPT_EARLIER = text("""
    UPDATE reservations SET during = daterange(lower(during) - :days, upper(during) - :days)
    FROM order_lines WHERE order_lines.id = line_id AND order_id = :number
""")
