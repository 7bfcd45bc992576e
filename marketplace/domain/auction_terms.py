"""The texts of an announcement (拍卖法, art. 46): the one list that forms, checks and notices read."""

from __future__ import annotations

from dataclasses import dataclass

from marketplace.domain.auction_rules import Rules
from marketplace.domain.text import N_

MOST = 2000
"""Characters that one text may have."""
EXTENSION = "结束前%(minutes)d分钟内有人出价的，自动延长%(minutes)d分钟，直至无人出价"


@dataclass(frozen=True, slots=True)
class Term:
    """One text of the announcement."""

    name: str
    label: str
    required: bool = True
    long: bool = False
    default: str = ""


TERMS = (
    Term("title", N_("公告标题")),
    Term("consignor", N_("委托人")),
    Term("decision", N_("处置批复文号")),
    Term("platform", N_("拍卖平台")),
    Term("platform_url", N_("竞价网址"), required=False),
    Term("viewing_place", N_("展示地点")),
    Term("contact", N_("看样联系人")),
    Term("phone", N_("预约电话")),
    Term(
        "bidders",
        N_("竞买人条件和手续"),
        long=True,
        default="具有完全民事行为能力的自然人、法人和其他组织均可参加竞买，法律法规另有规定的除外。"
        "竞买人应在竞价开始前完成实名注册并交纳保证金。委托人和拍卖人的工作人员不得参与竞买。",
    ),
    Term("payment", N_("付款期限"), default="成交后5个工作日内付清全部价款"),
    Term("collection", N_("提货期限"), default="付清价款后10个工作日内自行提取，费用由买受人承担"),
    Term("taxes", N_("税费承担"), default="按国家规定由双方各自承担"),
    Term("commission", N_("佣金"), default="无"),
    Term("refund", N_("保证金退还"), default="未成交的，竞价结束后5个工作日内原路退还，不计利息"),
    Term("extension", N_("延时规则"), default=EXTENSION % {"minutes": Rules().extension_minutes}),
    Term("supervision", N_("监督电话")),
    Term("objection", N_("异议受理渠道"), default="公示期内可书面向委托人提出异议"),
    Term(
        "notes",
        N_("特别提示"),
        required=False,
        long=True,
        default="标的以实物现状为准，请竞买人务必实地看样。",
    ),
)
BY_NAME = {term.name: term for term in TERMS}
DEFAULTS = {term.name: term.default for term in TERMS}
