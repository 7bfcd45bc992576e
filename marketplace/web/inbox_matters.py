"""What stands in the inbox besides orders, in words: what it is, what is asked, and where it is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from flask_babel import gettext, ngettext

from marketplace.db.auctions import Lot
from marketplace.domain.disposals import WAY_NAMES
from marketplace.domain.inbox import Task
from marketplace.edge.i18n import day, minute, money
from marketplace.use_cases import idle
from marketplace.use_cases.inbox import Todo
from marketplace.use_cases.inbox_matters import (
    AuctionMatter,
    FlagsMatter,
    LotMatter,
    Matter,
    ObjectionMatter,
    ProjectMatter,
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A thing to do as the list and the pane beside it show it."""

    title: str
    note: str
    facts: Sequence[tuple[str, str]]
    asked: str
    """What is asked, as a title."""
    what_next: str
    action: str
    url: str


def shown(todo: Todo) -> Shown:
    """A thing to do in words."""
    return _WORDS[todo.waiting.task](todo.matter)


def _project(matter: Matter) -> Shown:
    assert isinstance(matter, ProjectMatter)
    project = matter.project
    way = gettext(WAY_NAMES[project.way])
    return Shown(
        title=project.title,
        note=gettext("%(unit)s %(way)s", unit=project.unit.short_name or project.unit.name, way=way),
        facts=[
            (gettext("项目编号"), project.number),
            (gettext("单位"), project.unit.name),
            (gettext("处置方式"), way),
            (gettext("资产"), ngettext("%(num)d项", "%(num)d项", matter.cards)),
            (gettext("账面原值合计"), money(matter.value)),
            (gettext("准备人"), project.preparer.name if project.preparer else ""),
        ],
        asked=gettext("请批准或退回处置项目"),
        what_next=gettext(
            "项目页逐条列出处置条件和依据。批准后才能处置；退回须写明理由，由准备的人修改后重新报送。"
        ),
        action=gettext("去批准"),
        url=url_for("disposals.page", project_id=project.id),
    )


def _auction(matter: Matter) -> Shown:
    assert isinstance(matter, AuctionMatter)
    auction = matter.auction
    return Shown(
        title=auction.terms.get("title") or auction.project.title,
        note=gettext("拍卖%(number)s", number=auction.number),
        facts=[
            (gettext("拍卖编号"), auction.number),
            (gettext("处置项目"), auction.project.title),
            (gettext("标的"), ngettext("%(num)d个", "%(num)d个", len(auction.lots))),
            (gettext("起拍价合计"), money(matter.start)),
            (gettext("竞价开始"), minute(auction.starts_at)),
            (gettext("编制人"), auction.preparer.name if auction.preparer else ""),
        ],
        asked=gettext("请审核或退回拍卖公告"),
        what_next=gettext("审核通过后由公物仓管理员发布；公告发布后不能修改，只能发布变更。"),
        action=gettext("去审核"),
        url=url_for("auction_desk.page", auction_id=auction.id),
    )


def _flags(matter: Matter) -> Shown:
    assert isinstance(matter, FlagsMatter)
    return Shown(
        title=ngettext("%(num)d项资产疑似闲置", "%(num)d项资产疑似闲置", matter.count),
        note=matter.unit.short_name or matter.unit.name,
        facts=[
            (gettext("单位"), matter.unit.name),
            (gettext("最先到期的一项"), matter.first),
        ],
        asked=gettext("请逐项或成批答复"),
        what_next=gettext(
            "上架、确认闲置，或说明仍在使用的理由。每项都写明了依据；期满未答复的，按规则处理。"
        ),
        action=gettext("去答复"),
        url=url_for("idle.page", unit=matter.unit.id),
    )


def _objection(matter: Matter) -> Shown:
    assert isinstance(matter, ObjectionMatter)
    flag = matter.flag
    unit = flag.asset.unit
    return Shown(
        title=gettext("“%(name)s”仍在使用？", name=flag.asset.name),
        note=gettext("%(unit)s申述", unit=unit.short_name or unit.name),
        facts=[
            (gettext("单位"), unit.name),
            (gettext("资产编号"), flag.asset.number),
            (gettext("申述人"), flag.answerer.name if flag.answerer else ""),
            (gettext("理由"), flag.reason),
        ],
        asked=gettext("请复核申述"),
        what_next=gettext("采纳的，恢复在用，一段时间内不再询问；不采纳的，由持有单位上架或确认闲置。"),
        action=gettext("去复核"),
        url=url_for("idle.page", unit=unit.id, show=idle.Show.REVIEW),
    )


def _unrecorded(matter: Matter) -> Shown:
    lot = _lot_of(matter)
    return _proceeds(
        lot,
        [(gettext("成交日期"), day(lot.result.concluded_on if lot.result else None))],
        gettext("请登记收款"),
        gettext("收到成交款后，登记金额、费用、日期和凭证号，再由财政审批人确认上缴国库。"),
        gettext("去登记"),
    )


def _unremitted(matter: Matter) -> Shown:
    lot = _lot_of(matter)
    held = lot.proceeds
    return _proceeds(
        lot,
        [
            (gettext("收款日期"), day(held.received_on if held else None)),
            (gettext("收款凭证号"), held.voucher if held else ""),
        ],
        gettext("请确认收入已上缴国库"),
        gettext("核对缴库凭证后填写日期和凭证号；确认后不能再改。"),
        gettext("去确认"),
    )


def _proceeds(lot: Lot, facts: Sequence[tuple[str, str]], asked: str, what_next: str, action: str) -> Shown:
    """A sold lot; what its price is stands on the auction's page, too."""
    return Shown(
        title=lot.name,
        note=gettext("拍卖%(number)s", number=lot.auction.number),
        facts=[
            (gettext("拍卖编号"), lot.auction.number),
            (gettext("处置项目"), lot.auction.project.title),
            (gettext("成交价"), money(lot.result.price if lot.result else None)),
            *facts,
        ],
        asked=asked,
        what_next=what_next,
        action=action,
        url=url_for("auction_desk.page", auction_id=lot.auction_id, _anchor=f"money-{lot.id}"),
    )


def _lot_of(matter: Matter) -> Lot:
    assert isinstance(matter, LotMatter)
    return matter.lot


_WORDS: Mapping[Task, Callable[[Any], Shown]] = {
    Task.APPROVE_DISPOSAL: _project,
    Task.APPROVE_AUCTION: _auction,
    Task.ANSWER_IDLE: _flags,
    Task.REVIEW_IDLE: _objection,
    Task.RECORD_PROCEEDS: _unrecorded,
    Task.CONFIRM_PROCEEDS: _unremitted,
}
