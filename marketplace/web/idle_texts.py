"""A flag in words: by which rule, on what evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext

from marketplace.db.idle import IdleFlag
from marketplace.domain.idle import RULE_NAMES, SIGN_NAMES, IdleRule, UseSign
from marketplace.edge.i18n import long_day


def rule_of(flag: IdleFlag) -> str:
    """The rule's name."""
    return gettext(RULE_NAMES[flag.rule])


def evidence_of(flag: IdleFlag) -> str:
    """What the rule found."""
    return _WRITERS[flag.rule](flag.evidence)


def _unused(found: Mapping[str, Any]) -> str:
    since = long_day(dt.date.fromisoformat(found["since"]))
    if found.get("sign"):
        sign = gettext(SIGN_NAMES[UseSign(found["sign"])])
        return gettext(
            "最近一次使用迹象是%(day)s（%(sign)s），到标记时已%(days)d天；规则是%(limit)d天。",
            day=since,
            sign=sign,
            days=found["days"],
            limit=found["limit"],
        )
    return gettext(
        "自%(day)s起没有使用迹象，到标记时已%(days)d天；规则是%(limit)d天。",
        day=since,
        days=found["days"],
        limit=found["limit"],
    )


def _over_standard(found: Mapping[str, Any]) -> str:
    return gettext(
        "%(item)s在用%(held)d，编制内实有%(headcount)d人，标准允许%(allowed)d；本卡片有%(pieces)d超出。"
        "标准：%(quantity)s（%(standard)s）。",
        **{name: found[name] for name in _OVER},
    )


_OVER = ("item", "held", "headcount", "allowed", "pieces", "quantity", "standard")


def _event_ended(found: Mapping[str, Any]) -> str:
    ended_on = long_day(dt.date.fromisoformat(found["ended_on"]))
    return gettext("“%(event)s”已于%(day)s结束，为它配置的资产应当收回。", event=found["event"], day=ended_on)


_WRITERS: Mapping[IdleRule, Callable[[Mapping[str, Any]], str]] = {
    IdleRule.UNUSED: _unused,
    IdleRule.OVER_STANDARD: _over_standard,
    IdleRule.EVENT_ENDED: _event_ended,
}
