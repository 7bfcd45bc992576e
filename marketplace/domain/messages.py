"""What users are told, and in which words: what happened, what comes next, who has it, until when.

A message is kept as its kind and its values and written out for its reader. Rows outlive releases, so a
kind keeps its values for good: a text that needs others is a kind of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marketplace.domain.message_params import PARAMS, Reader
from marketplace.domain.text import N_

_PLACE = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message: its source texts, and whether something is asked of its reader."""

    title: str
    body: str
    needs_action: bool = False
    daily: bool = False
    """The clock found it, and found it for many: it goes out with the mail of the day."""

    @property
    def params(self) -> frozenset[str]:
        """The values that its texts name."""
        return frozenset(_PLACE.findall(self.title + self.body))


@dataclass(frozen=True, slots=True)
class Wording:
    """A message in its reader's language."""

    title: str
    body: str


_SUBJECTS = (
    (("order.", "step.", "listing.asked"), N_("申请和审批")),
    (("loan.",), N_("借用")),
    (("idle.", "screening.", "listing."), N_("闲置和上架")),
    (("disposal.", "auction.", "proceeds."), N_("处置和拍卖")),
    (("",), N_("其他")),
)


def subject_of(kind: str) -> str:
    """The heading under which a mail of many messages has this one: a source text."""
    return next(name for beginnings, name in _SUBJECTS if kind.startswith(beginnings))


KINDS: Mapping[str, Kind] = {
    "order.to_decide": Kind(
        N_("待审批：%(receiver)s申请%(order_kind)s“%(things)s”"),
        N_("申请单%(number)s已到您这一步，请最迟%(until)s审批。您同意后才会转到下一步。"),
        needs_action=True,
    ),
    "order.decided": Kind(
        N_("%(number)s：%(role)s已同意"),
        N_("%(person)s已同意%(order_kind)s“%(things)s”。现由%(holders)s审批，最迟%(until)s。"),
    ),
    "order.approved": Kind(
        N_("%(number)s已获批准"),
        N_(
            "%(order_kind)s“%(things)s”的审批已全部完成。下一步是交接：请与%(giver)s的资产管理员约定时间，"
            "最迟%(until)s双方确认，逾期申请失效。"
        ),
    ),
    "order.rejected": Kind(
        N_("%(number)s未获批准"),
        N_(
            "%(role)s%(person)s不同意%(order_kind)s“%(things)s”，办理到此结束。理由：%(reason)s。"
            "情况有变时，可以重新申请。"
        ),
    ),
    "order.sent_back": Kind(
        N_("%(number)s已退回，请补正"),
        N_(
            "%(role)s%(person)s退回了%(order_kind)s“%(things)s”的申请。意见：%(reason)s。"
            "请最迟%(until)s修改后重新提交，逾期申请失效。"
        ),
        needs_action=True,
    ),
    "order.withdrawn": Kind(
        N_("%(number)s已撤销"),
        N_("%(unit)s的%(person)s撤销了%(order_kind)s“%(things)s”的申请，无需再办理。理由：%(reason)s。"),
    ),
    "order.expired": Kind(
        N_("%(number)s已失效"),
        N_("%(order_kind)s“%(things)s”的申请到期没有办理，已自动失效。仍然需要时，请重新申请。"),
    ),
    "order.waiting": Kind(
        N_("%(number)s已排队，现排第%(place)s位"),
        N_(
            "“%(things)s”已有单位先申请%(order_kind)s。轮到贵单位时会再通知，届时确认即可进入审批，无需重新申请。"
        ),
    ),
    "order.offered": Kind(
        N_("轮到贵单位了：“%(things)s”"),
        N_(
            "排在前面的单位不再需要。申请单%(number)s请最迟%(until)s确认接受，确认后进入审批；"
            "逾期未确认，由下一家单位递补。"
        ),
        needs_action=True,
    ),
    "order.awarded": Kind(
        N_("“%(things)s”由贵单位获得"),
        N_(
            "按公布的规则评定，申请单%(number)s排在最前，依据是“%(rule)s”。现由%(holders)s审批，最迟%(until)s。"
        ),
    ),
    "order.not_awarded": Kind(
        N_("“%(things)s”由%(unit)s获得"),
        N_(
            "按公布的规则评定，依据是“%(rule)s”。申请单%(number)s继续排队，现排第%(place)s位；"
            "前面的单位放弃时，会通知贵单位确认。"
        ),
    ),
    "order.to_hand_over": Kind(
        N_("待交接：%(number)s“%(things)s”"),
        N_(
            "%(order_kind)s已获批准，由%(giver)s交给%(receiver)s。请与对方约定时间，当面核对、拍照、签字，"
            "最迟%(until)s；双方都确认后才生效。"
        ),
        needs_action=True,
    ),
    "order.handed_over": Kind(
        N_("%(number)s已交接"),
        N_("“%(things)s”已由%(giver)s交给%(receiver)s，双方均已签字。接着登记资产卡片，登记完成即办结。"),
    ),
    "order.completed": Kind(
        N_("%(number)s已办结"),
        N_("“%(things)s”已从%(giver)s转到%(receiver)s名下，双方的资产卡片已更新。调拨单可在办件页打印。"),
    ),
    "loan.started": Kind(
        N_("%(number)s：“%(things)s”已借出"),
        N_(
            "%(receiver)s已从%(giver)s借到，借期%(starts_on)s至%(ends_on)s，最后一天也可使用。"
            "到期前请归还或申请续借。"
        ),
    ),
    "loan.renewal_approved": Kind(
        N_("“%(things)s”已续借到%(ends_on)s"),
        N_("续借%(number)s已获批准。请最迟%(ends_on)s归还给%(giver)s。"),
    ),
    "loan.due_soon": Kind(
        N_("“%(things)s”将于%(ends_on)s到期"),
        N_("借用%(number)s请在当天或之前归还给%(giver)s。还要使用的，请在到期前申请续借。"),
        needs_action=True,
        daily=True,
    ),
    "loan.overdue": Kind(
        N_("“%(things)s”逾期未还"),
        N_(
            "借用%(number)s应于%(ends_on)s归还，现由%(receiver)s使用。请尽快归还给%(giver)s；逾期未还会影响再次借用。"
        ),
        needs_action=True,
        daily=True,
    ),
    "loan.overdue_lent": Kind(
        N_("%(receiver)s逾期未还“%(things)s”"),
        N_("借用%(number)s应于%(ends_on)s归还，现已提醒对方。需要收回的，请与对方联系。"),
        daily=True,
    ),
    "loan.returned": Kind(
        N_("%(number)s：“%(things)s”已归还"),
        N_("%(receiver)s已归还，%(giver)s已验收。这笔借用到此办结。"),
    ),
    "loan.consent_asked": Kind(
        N_("请答复：%(giver)s要调出“%(things)s”"),
        N_(
            "贵单位已约定%(starts_on)s至%(ends_on)s借用（%(number)s）。为办理调剂%(transfer)s，%(giver)s请求取消或改期，"
            "理由：%(reason)s。贵单位同意之前，原约定不变。"
        ),
        needs_action=True,
    ),
    "loan.consent_given": Kind(
        N_("%(unit)s同意调整借用%(number)s"),
        N_("“%(things)s”的这笔借用不再妨碍调剂。其他借用单位也都同意后，调剂继续办理。"),
    ),
    "loan.consent_refused": Kind(
        N_("%(unit)s不同意调整借用%(number)s"),
        N_("“%(things)s”在%(ends_on)s之前仍按约定借给%(unit)s，调剂须等归还以后。理由：%(reason)s。"),
    ),
    "loan.damage": Kind(
        N_("“%(things)s”归还时有损坏"),
        N_(
            "借用%(number)s归还验收时，%(giver)s记录了损坏：%(reason)s。修复费用由借用单位%(receiver)s承担，"
            "请双方在办件页商定并登记赔偿。"
        ),
        needs_action=True,
    ),
    "step.reminder": Kind(
        N_("催办：%(number)s请最迟%(until)s审批"),
        N_("%(receiver)s申请%(order_kind)s“%(things)s”，正在等您审批。"),
        needs_action=True,
        daily=True,
    ),
    "step.overdue": Kind(
        N_("审批超期：%(number)s应于%(until)s前审批"),
        N_("%(receiver)s申请%(order_kind)s“%(things)s”，审批已过期限，仍在等您审批。"),
        needs_action=True,
        daily=True,
    ),
    "step.escalated": Kind(
        N_("超时转办：%(number)s请您审批"),
        N_(
            "%(receiver)s申请%(order_kind)s“%(things)s”，%(unit)s的%(role)s未在期限内审批，现转请您办理，"
            "请最迟%(until)s审批。"
        ),
        needs_action=True,
        daily=True,
    ),
    "idle.flagged": Kind(
        N_("%(unit)s有%(count)s项资产疑似闲置，请答复"),
        N_(
            "每项都写明了依据。请最迟%(until)s逐项或成批答复：上架、确认闲置，或说明仍在使用的理由；"
            "期满未答复的，按规则处理。"
        ),
        needs_action=True,
        daily=True,
    ),
    "idle.listed": Kind(
        N_("%(unit)s有%(count)s项闲置资产已自动上架"),
        N_("这些资产在答复期内没有上架。其中未答复的标为“未经确认”，请核对上架内容；仍在使用的，可以撤回。"),
        daily=True,
    ),
    "idle.to_review": Kind(
        N_("%(unit)s申述：“%(things)s”仍在使用"),
        N_("理由：%(reason)s。请复核：采纳的，恢复在用；不采纳的，由持有单位另行答复。"),
        needs_action=True,
    ),
    "idle.accepted": Kind(
        N_("“%(things)s”的申述已采纳"),
        N_("资产恢复在用，%(until)s之前不再询问。"),
    ),
    "idle.refused": Kind(
        N_("“%(things)s”的申述未采纳"),
        N_("意见：%(reason)s。请最迟%(until)s上架或确认闲置。"),
        needs_action=True,
    ),
    "screening.over": Kind(
        N_("%(unit)s有%(count)s项资产无人申请，转入处置"),
        N_("调剂的各个阶段已满，没有单位申请。资产已下架，由公物仓管理员列入处置。"),
        daily=True,
    ),
    "listing.asked": Kind(
        N_("%(receiver)s申请%(order_kind)s“%(things)s”"),
        N_("申请单%(number)s已提交，现由%(holders)s审批，最迟%(until)s。需要贵单位办理时会再通知。"),
    ),
    "idle.reminder": Kind(
        N_("%(unit)s还有%(count)s项疑似闲置资产没有答复"),
        N_("请最迟%(until)s上架、确认闲置，或说明仍在使用的理由；期满未答复的，按规则处理。"),
        needs_action=True,
        daily=True,
    ),
    "idle.overdue": Kind(
        N_("%(unit)s有%(count)s项疑似闲置资产过期未答复"),
        N_("答复期限为%(until)s，现在仍可答复：上架、确认闲置，或说明仍在使用的理由。"),
        needs_action=True,
        daily=True,
    ),
    "listing.no_photos": Kind(
        N_("%(unit)s上架的“%(things)s”没有照片"),
        N_("没有照片，其他单位难以判断是否合用；将来拍卖也须有照片。请补上。"),
        daily=True,
    ),
    "proceeds.unrecorded": Kind(
        N_("拍卖%(number)s有%(count)s个成交标的没有登记收款"),
        N_("最早的一个应于%(until)s前收款并上缴国库。已收到的请登记，没有收到的请催收。"),
        needs_action=True,
        daily=True,
    ),
    "proceeds.unremitted": Kind(
        N_("拍卖%(number)s有%(count)s笔收入逾期未上缴国库"),
        N_("最早的一笔应于%(until)s前上缴。请尽快缴库，并由财政审批人核对缴库凭证后确认。"),
        needs_action=True,
        daily=True,
    ),
    "disposal.to_approve": Kind(
        N_("待批准：处置项目“%(project)s”"),
        N_("%(person)s报送了项目%(number)s，处置方式为%(way)s。请核对各项处置条件，批准或退回。"),
        needs_action=True,
    ),
    "disposal.approved": Kind(
        N_("处置项目%(number)s已获批准"),
        N_("%(person)s批准了“%(project)s”，处置方式为%(way)s。下一步由公物仓管理员办理。"),
    ),
    "disposal.sent_back": Kind(
        N_("处置项目%(number)s已退回，请修改"),
        N_("%(person)s退回了“%(project)s”。意见：%(reason)s。请修改后重新报送。"),
        needs_action=True,
    ),
    "disposal.received": Kind(
        N_("%(unit)s收到无偿划转的%(count)s项资产"),
        N_(
            "处置项目%(number)s“%(project)s”已办结，资产卡片已登记到贵单位名下。请核对实物，补全存放地点和使用人。"
        ),
    ),
    "auction.to_approve": Kind(
        N_("待审核：拍卖%(number)s"),
        N_("%(person)s送审了“%(project)s”的拍卖。请核对标的、价格和日期，审核通过或退回。"),
        needs_action=True,
    ),
    "auction.approved": Kind(
        N_("拍卖%(number)s已审核通过，请发布"),
        N_("%(person)s审核通过了“%(project)s”的拍卖。请核对日期，及时发布公告。"),
        needs_action=True,
    ),
    "auction.sent_back": Kind(
        N_("拍卖%(number)s已退回，请修改"),
        N_("%(person)s退回了“%(project)s”的拍卖。意见：%(reason)s。请修改后重新送审。"),
        needs_action=True,
    ),
    "stand_in.named": Kind(
        N_("%(person)s请您代理审批"),
        N_(
            "代理期为%(starts_on)s至%(ends_on)s，首尾两天都算。原因：%(reason)s。"
            "期间该由%(person)s审批的，会列入您的待办。"
        ),
    ),
    "stand_in.ended": Kind(
        N_("%(person)s结束了代理"),
        N_("原定到%(ends_on)s的代理现已结束，您不再代为审批；此前办理的仍然有效。"),
    ),
    "audit.broken": Kind(
        N_("审计记录校验发现异常"),
        N_("%(fault)s。请立即在审计页核对，保留现场，并通知系统管理员。"),
        needs_action=True,
    ),
}


def keep(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a message as its row keeps them.

    Raises:
        KeyError: there is no such kind.
        TypeError: they are not exactly the values that the kind's texts name.
    """
    wanted = KINDS[kind].params
    if wanted != values.keys():
        raise TypeError(f"{kind} names {sorted(wanted)}, given were {sorted(values)}")
    return {name: PARAMS[name].keep(value) for name, value in values.items()}


def write(kind: str, kept: Mapping[str, Any], reader: Reader) -> Wording:
    """A message in its reader's language."""
    found = KINDS[kind]
    values = {name: PARAMS[name].write(kept[name], reader) for name in found.params}
    return Wording(reader.translate(found.title) % values, reader.translate(found.body) % values)
