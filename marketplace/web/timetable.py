"""Where an asset stands between use and disposal, as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import gettext

from marketplace.db.assets import Asset
from marketplace.db.idle import IdleFlag
from marketplace.domain.idle import SIGN_NAMES
from marketplace.domain.permissions import Permission
from marketplace.domain.states import AssetState
from marketplace.domain.timetable import BASIS, STAGE_NAMES, Stage
from marketplace.edge.context import actor, db, services, today
from marketplace.edge.i18n import day
from marketplace.use_cases import idle, timetable
from marketplace.use_cases.timetable import Standing
from marketplace.web.idle_texts import evidence_of, rule_of


@dataclass(frozen=True, slots=True)
class Outlook:
    """What ``assets/_outlook.html`` draws."""

    flag: IdleFlag | None = None
    rule: str = ""
    evidence: str = ""
    steps: tuple[dict[str, str], ...] = ()
    stopped: str = ""
    """That the clock stands still, and why."""
    reason: str = ""
    may_steer: bool = False
    may_go_on: bool = False
    may_confirm: bool = False
    last_used: str = ""
    basis: str = BASIS


def outlook_of(asset: Asset) -> Outlook:
    """The outlook of an asset, for those who may read its card."""
    if asset.state is AssetState.IDLE_FLAGGED:
        flag = idle.open_flag(db(), asset.id)
        return Outlook(flag, rule_of(flag), evidence_of(flag)) if flag else Outlook()
    if asset.state is AssetState.IN_USE:
        keeps = actor().may(Permission.EDIT_ASSETS, asset.unit.path)
        return Outlook(last_used=_last_used(asset), may_confirm=keeps)
    standing = timetable.of_asset(db(), asset, today(), services().settings.time_zone)
    return _timetable(asset, standing) if standing else Outlook()


def _timetable(asset: Asset, standing: Standing) -> Outlook:
    stand = standing.line[0]
    moving = stand.stage is not Stage.DISPOSAL
    return Outlook(
        steps=tuple(_steps(standing)),
        stopped=_stopped(standing),
        reason=standing.reason,
        may_steer=moving and actor().may(Permission.STEER_TIMETABLE, asset.unit.path),
        may_go_on=stand.is_stopped and not standing.held,
    )


def _steps(standing: Standing) -> list[dict[str, str]]:
    return [
        {
            "label": gettext(STAGE_NAMES[stand.stage]),
            "state": "now" if number == 0 else "todo",
            "when": gettext("到%(day)s", day=day(stand.until)) if stand.until else "",
            "note": _note(standing, number),
        }
        for number, stand in enumerate(standing.line)
    ]


def _note(standing: Standing, number: int) -> str:
    stand = standing.line[number]
    if stand.is_stopped:
        return gettext("还剩%(days)d个工作日", days=stand.days_left)
    if stand.stage is Stage.DISPOSAL:
        return gettext("仍无单位申请时") if number else ""
    return ""


def _stopped(standing: Standing) -> str:
    if not standing.line[0].is_stopped:
        return ""
    if standing.held:
        return gettext("有单位正在申请或使用，时间表暂停；结束后自动继续。")
    return gettext("公物仓管理员已暂停时间表。")


def _last_used(asset: Asset) -> str:
    if asset.last_used_on is None or asset.last_used_by is None:
        return ""
    sign = gettext(SIGN_NAMES[asset.last_used_by])
    return gettext("最近一次使用迹象：%(day)s（%(sign)s）", day=day(asset.last_used_on), sign=sign)
