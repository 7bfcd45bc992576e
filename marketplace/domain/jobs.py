"""The jobs: what each is for, and when it is due. What it does stands in ``jobs/``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from marketplace.domain.text import N_

ONE_DAY = dt.timedelta(days=1)
"""Added to a local moment: the same hour of the next day, also when clocks change between."""
GRACE = dt.timedelta(minutes=30)
"""How late a daily job may be before somebody should look."""
FREQUENT_GRACE = dt.timedelta(minutes=2)
"""The same for a job that runs every few seconds."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One entry of the schedule: every so many seconds, or daily at an hour where the organisation is."""

    name: str
    label: str
    purpose: str
    seconds: int | None = None
    hour: int | None = None

    def due_since(self, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """The latest moment, not after ``now``, at which it was to run."""
        if self.seconds is not None:
            return dt.datetime.fromtimestamp(now.timestamp() // self.seconds * self.seconds, dt.UTC)
        local = now.astimezone(zone)
        at = local.replace(hour=self.hour or 0, minute=0, second=0, microsecond=0)
        return (at if at <= local else at - ONE_DAY).astimezone(dt.UTC)

    def next_due(self, now: dt.datetime, zone: ZoneInfo) -> dt.datetime:
        """The first moment after ``now`` at which it is to run."""
        if self.seconds is not None:
            return self.due_since(now, zone) + dt.timedelta(seconds=self.seconds)
        return (self.due_since(now, zone).astimezone(zone) + ONE_DAY).astimezone(dt.UTC)

    def is_late(self, now: dt.datetime, zone: ZoneInfo, done: dt.datetime | None) -> bool:
        """Whether it has not run when it should have; ``done`` is the moment that was done last.

        A job that never ran is late too: that is how a scheduler shows that was never started.
        """
        if self.seconds is not None:
            return done is None or now - done > FREQUENT_GRACE + dt.timedelta(seconds=self.seconds)
        due = self.due_since(now, zone)
        return (done is None or done < due) and now - due > GRACE


PLANS: tuple[Plan, ...] = (
    Plan("drain-outbox", N_("更新检索"), N_("资产变动后，数秒内能搜到"), seconds=1),
    Plan("import-registers", N_("导入台账"), N_("读取并合并等待导入的台账"), seconds=1),
    Plan("seal-audit", N_("审计封存"), N_("把新的审计记录接到哈希链上"), seconds=1),
    Plan("send-mail", N_("发送邮件"), N_("发出到期的邮件，失败的稍后重发"), seconds=5),
    Plan("award-windows", N_("集中受理评定"), N_("受理期满的，按公布的规则排序并确定受让单位"), hour=0),
    Plan("expire-orders", N_("办件到期"), N_("结束逾期未确认、未补正、未交接的申请"), hour=0),
    Plan("flag-idle", N_("闲置筛查"), N_("按规则标记疑似闲置的资产，通知持有单位"), hour=1),
    Plan("answer-silence", N_("期满未答复"), N_("答复期满的闲置资产，按规则上架"), hour=1),
    Plan("walk-timetable", N_("调剂时间表"), N_("逐级扩大调剂范围，无人申请的转入处置"), hour=0),
    Plan("prepare-auctions", N_("编制拍卖"), N_("为已批准的拍卖项目拟定标的、价格和日期"), hour=6),
    Plan("remind", N_("催办提醒"), N_("提醒临期和逾期的事，逾期的审批报上级，每人每天一封汇总邮件"), hour=8),
    Plan("verify-audit", N_("审计校验"), N_("核对整条审计哈希链"), hour=2),
    Plan("repair-index", N_("检索校对"), N_("核对检索与数据库，修正不一致的"), hour=3),
    Plan("tidy", N_("清理"), N_("清除不再需要的临时记录和文件"), hour=4),
    Plan("check-pieces", N_("数量核对"), N_("核对拆分和调拨没有多出或丢失数量"), hour=5),
)
PLAN_OF = {plan.name: plan for plan in PLANS}
