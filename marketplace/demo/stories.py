"""What happens to an order of the demo, from the wish on, as far as each story goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Sequence
from decimal import Decimal

from sqlalchemy import select

from marketplace.db.orders import DamageCase, Order
from marketplace.demo.desks import Desks, Period, Story
from marketplace.demo.market import Market, Thing, Wisher
from marketplace.domain.finding import Mode
from marketplace.domain.listings import Offer
from marketplace.domain.orders import OrderAction, OrderKind, OrderState
from marketplace.domain.permissions import Role
from marketplace.domain.queue import AwardRule
from marketplace.use_cases import listings, orders, waiting_lists

Course = Generator[dt.datetime, None, int]
"""Part of a story; it gives back how many days ago it is by then."""
_FOR_GOOD = (
    "新调入人员办公使用，现有配备不足。",
    "原有设备超过使用年限，已报废，需补充。",
    "新设窗口投入使用，急需配置。",
    "科室搬迁后办公家具不足，申请调剂，不再新购。",
    "本年度没有采购预算，优先从公物仓调剂。",
    "值班室更新，原有家具损坏。",
)
_FOR_A_TIME = (
    "暑期培训班使用。",
    "承办全市业务竞赛，会期临时使用。",
    "专项检查工作组集中办公使用。",
    "设备送修期间临时替代。",
    "迎检资料整理，临时增加工位。",
    "大型会议会务保障使用。",
)
_REFUSALS = (
    "本单位同类资产配置已达上限，不同意调入。",
    "该资产近期拟用于新设科室，暂不调出。",
    "申请用途与岗位配置标准不符。",
    "可使用本单位库存，建议先内部调剂。",
    "借用期与本单位活动冲突，不同意出借。",
)
_CORRECTIONS = (
    "请补充集体决策的会议纪要。",
    "请写明使用人和存放地点。",
    "数量与编制人数不符，请核实后重新提交。",
)


def completed(desks: Desks, market: Market, age: int) -> Story:
    """A transfer that both sides signed for; sometimes of several things, or of a part."""
    yield desks.hour(age)
    order = _ask_for_good(desks, market)
    age = yield from _decisions(desks, order, age)
    yield from _hand_over(desks, order, age)


def returned(desks: Desks, market: Market, age: int, damage: str) -> Story:
    """A loan that came back; damage is settled, or still open."""
    yield desks.hour(age)
    order = _ask_for_a_time(desks, market, market.somebody(), (6, 18))
    yield from _decisions(desks, order, age)
    yield from _lend(desks, order)
    age -= desks.chance.randint(12, 18)
    yield desks.hour(age)
    desks.sign(order, "receiver", back=True)
    yield desks.hour(age)
    desks.sign(order, "giver", back=True, damage="边角磕碰，一处配件松动。" if damage else "")
    if damage == "settled":
        yield desks.hour(age - 2)
        case = desks.session.scalars(select(DamageCase).where(DamageCase.order_id == order.id)).one()
        desks.settle(order, case, Decimal("260.00"), "已由借用单位委托维修，费用由其支付。")


def overdue(desks: Desks, market: Market, who: Wisher, late: int) -> Story:
    """A loan that should have come back so many days ago."""
    age = late + 21
    yield desks.hour(age)
    order = _ask_for_a_time(desks, market, who, _until(desks, age, -late, begin=6))
    yield from _decisions(desks, order, age)
    yield from _lend(desks, order)


def running(
    desks: Desks, market: Market, late: Sequence[Wisher], age: int, ends_in: int, *, back: bool
) -> Story:
    """A loan under way, or given back and not looked at yet."""
    yield desks.hour(age)
    order = _ask_for_a_time(
        desks, market, market.somebody(besides=late), _until(desks, age, ends_in, begin=6)
    )
    yield from _decisions(desks, order, age)
    yield from _lend(desks, order)
    if back:
        yield desks.hour(1)
        desks.sign(order, "receiver", back=True)


def renewed(desks: Desks, market: Market, late: Sequence[Wisher], *, decided: int) -> Story:
    """A loan whose borrower asked to keep it longer; so many have agreed to that."""
    yield desks.hour(30)
    order = _ask_for_a_time(desks, market, market.somebody(besides=late), _until(desks, 30, 5, begin=6))
    yield from _decisions(desks, order, 30)
    yield from _lend(desks, order)
    yield desks.hour(6)
    renewal = desks.renew(order, desks.chance.randint(10, 30), "工作尚未结束，申请延长使用。")
    yield from _decisions(desks, renewal, 6, decided)


def refused(
    desks: Desks, market: Market, kind: OrderKind, age: int, decided: int, action: OrderAction
) -> Story:
    """So many agree; the next refuses, or sends it back."""
    yield desks.hour(age)
    order = _ask(desks, market, kind)
    age = yield from _decisions(desks, order, age, decided)
    yield desks.hour(max(age - 1, 1))
    words = _REFUSALS if action is OrderAction.REJECT else _CORRECTIONS
    desks.decide(order, action, desks.chance.choice(words))


def withdrawn(desks: Desks, market: Market, age: int) -> Story:
    """The requester does without it after all."""
    yield desks.hour(age)
    order = _ask_for_good(desks, market)
    yield desks.hour(age - 1)
    desks.end(order, OrderAction.WITHDRAW, "已从本单位内部调配，不再需要。")


def called_off(desks: Desks, market: Market, age: int) -> Story:
    """Approved, and then given up before anything changed hands."""
    yield desks.hour(age)
    order = _ask_for_good(desks, market)
    age = yield from _decisions(desks, order, age)
    yield desks.hour(age - 1)
    desks.end(order, OrderAction.CALL_OFF, "搬迁计划调整，场地放不下。")


def open_step(desks: Desks, market: Market, kind: OrderKind, age: int, decided: int) -> Story:
    """An order that waits for a decision; so many have agreed."""
    yield desks.hour(age)
    order = _ask(desks, market, kind, far=decided > 1)
    yield from _decisions(desks, order, age, decided)


def large(desks: Desks, market: Market, thing: Thing, age: int) -> Story:
    """Something so dear that after all others the finance department is asked."""
    yield desks.hour(age + 10)
    officer = desks.actor(desks.holders(Role.UNIT_ASSET_OFFICER, thing.unit_id)[0])
    offer = Offer(modes=frozenset({Mode.TRANSFER}), note="车况良好，公务用车改革后闲置。")
    listings.list_asset(desks.session, officer, desks.moment, thing.asset_id, offer)
    yield desks.hour(age)
    [who] = market.rivals(thing, 1)
    order = desks.submit(desks.wish(who, [thing], OrderKind.TRANSFER, "接送职工和会务保障使用，不再新购。"))
    while len(orders.open_steps(order)) and orders.open_steps(order)[0].role is not Role.FINANCE_APPROVER:
        age = max(age - 1, 1)
        yield desks.hour(age)
        desks.decide(order)


def to_hand_over(desks: Desks, market: Market, kind: OrderKind, signed: str) -> Story:
    """Approved; nobody, or one side, has signed."""
    age = desks.chance.randint(6, 8)
    yield desks.hour(age)
    order = _ask(desks, market, kind, period=(5, 30))
    age = yield from _decisions(desks, order, age)
    if signed:
        yield desks.hour(1)
        desks.sign(order, signed)


def reserved(desks: Desks, market: Market, ahead: int) -> Story:
    """A loan that begins in so many days."""
    yield desks.hour(7)
    order = _ask_for_a_time(desks, market, market.wishers[2], (7 + ahead, 7 + ahead + 10))
    yield from _decisions(desks, order, 7)


def waiting_line(desks: Desks, market: Market, waiting: int) -> Story:
    """Several ask for the same thing; all but the first wait."""
    thing = _contested(desks, market, 20)
    for number, who in enumerate(market.rivals(thing, waiting + 1)):
        yield desks.hour(8 - number)
        desks.submit(desks.wish(who, [thing], OrderKind.TRANSFER, desks.chance.choice(_FOR_GOOD)))


def offered(desks: Desks, market: Market) -> Story:
    """The first is refused; the next in line is asked whether it is still wanted."""
    thing = _contested(desks, market, 20)
    made = []
    for number, who in enumerate(market.rivals(thing, 3)):
        yield desks.hour(7 - number)
        made.append(
            desks.submit(desks.wish(who, [thing], OrderKind.TRANSFER, desks.chance.choice(_FOR_GOOD)))
        )
    yield desks.hour(1)
    desks.decide(made[0], OrderAction.REJECT, _REFUSALS[0])


def window(desks: Desks, market: Market, age: int) -> Story:
    """Requests for a thing are gathered for some days; where they are over, it is awarded."""
    yield desks.hour(age + 1)
    thing = _contested(desks, market, age + 2)
    offer = Offer(
        modes=frozenset({Mode.TRANSFER}),
        quantity=thing.quantity,
        note="多家单位需要，集中受理后按公布的规则确定。",
        award_rule=AwardRule.WINDOW,
    )
    officer = desks.actor(desks.holders(Role.UNIT_ASSET_OFFICER, thing.unit_id)[0])
    listings.change(desks.session, officer, desks.moment, desks.today, thing.asset_id, offer)
    for number, who in enumerate(market.rivals(thing, 3)):
        yield desks.hour(max(age - number, 1))
        words = desks.chance.choice(_FOR_GOOD)
        wish = desks.wish(who, [thing], OrderKind.TRANSFER, words, urgent=number == 1)
        desks.submit(wish)
    yield desks.hour(max(age - 9, 1))
    waiting_lists.close_window(desks.session, desks.moment, desks.today, thing.asset_id)


def basket(desks: Desks, market: Market, place: int) -> Story:
    """Wishes that somebody has not submitted yet."""
    yield desks.hour(1)
    who = market.wishers[place]
    for kind in (OrderKind.TRANSFER, OrderKind.LOAN):
        thing = market.find(who, kind, desks.moment)
        more = market.more_of(thing, kind) if place else None
        period = (10, 20) if kind is OrderKind.LOAN else None
        desks.wish(who, [thing, *([more] if more else [])], kind, "", period=period)


def _ask(
    desks: Desks,
    market: Market,
    kind: OrderKind,
    *,
    far: bool = False,
    period: Period = (20, 40),
) -> Order:
    if kind is OrderKind.LOAN:
        return _ask_for_a_time(desks, market, market.wishers[2], period)
    return _ask_for_good(desks, market, far=far)


def _ask_for_good(desks: Desks, market: Market, *, far: bool = False) -> Order:
    who, kind = market.somebody(), OrderKind.TRANSFER
    thing = market.find(who, kind, desks.moment, near=False if far else None)
    more = market.more_of(thing, kind) if not far and desks.chance.random() < 0.25 else None
    part = thing.quantity // 2 if thing.quantity > 3 and not more else 1
    things = [thing, more] if more else [thing]
    words, urgent = desks.chance.choice(_FOR_GOOD), desks.chance.random() < 0.15
    return desks.submit(desks.wish(who, things, kind, words, quantity=part, urgent=urgent))


def _ask_for_a_time(desks: Desks, market: Market, who: Wisher, period: Period) -> Order:
    thing = market.find(who, OrderKind.LOAN, desks.moment)
    words = desks.chance.choice(_FOR_A_TIME)
    return desks.submit(desks.wish(who, [thing], OrderKind.LOAN, words, period=period))


def _contested(desks: Desks, market: Market, age: int) -> Thing:
    """Something that stood on offer then and that many may ask for."""
    before = desks.present - dt.timedelta(days=age)
    return market.find(market.wishers[0], OrderKind.TRANSFER, before, near=False)


def _until(desks: Desks, age: int, ends_in: int, *, begin: int) -> Period:
    """A period that ends so many days from the present, for whoever asks ``age`` days ago."""
    asked = desks.hour(age).date()
    last = (desks.present.date() - asked).days + ends_in
    return begin, max(last, begin + 1)


def _decisions(desks: Desks, order: Order, age: int, count: int | None = None) -> Course:
    """Those asked agree, one after the other, each within a day or two."""
    decided = 0
    while order.state is OrderState.SUBMITTED and decided != count:
        age = max(age - desks.chance.randint(0, 2), 1)
        yield desks.hour(age)
        desks.decide(order)
        decided += 1
    return age


def _hand_over(desks: Desks, order: Order, age: int) -> Course:
    age = max(age - desks.chance.randint(1, 3), 1)
    for side in ("giver", "receiver"):
        yield desks.hour(age)
        desks.sign(order, side)
    return age


def _lend(desks: Desks, order: Order) -> Story:
    """Handed over on the first day, or the first on which offices are open."""
    assert order.starts_on is not None
    for side in ("giver", "receiver"):
        yield desks.from_day(order.starts_on)
        desks.sign(order, side)
