"""Idle assets (闲置): by which rule one is flagged, what its holder may answer, and what silence does.

Domain rules, section 4. Every number is a place's own to set, by category (:class:`IdlePolicy`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from marketplace.domain.errors import FieldError, Invalid, invalid_field
from marketplace.domain.text import N_, clean
from marketplace.domain.timetable import Lengths

BASIS = "行政事业性国有资产管理条例第十一条"
"""What the State has comes first to those who have need of it; only then is bought."""
REASON_LENGTH = 500


class IdleRule(StrEnum):
    """Why an asset is flagged; the first that holds, in this order."""

    EVENT_ENDED = "event_ended"
    OVER_STANDARD = "over_standard"
    UNUSED = "unused"


RULE_NAMES = {
    IdleRule.EVENT_ENDED: N_("活动或临时机构已结束"),
    IdleRule.OVER_STANDARD: N_("超出配置标准"),
    IdleRule.UNUSED: N_("长期没有使用迹象"),
}


class UseSign(StrEnum):
    """What shows that an asset is in use."""

    LOAN = "loan"
    INSPECTION = "inspection"
    STOCKTAKE = "stocktake"
    TRIP = "trip"
    CONFIRMED = "confirmed"


SIGN_NAMES = {
    UseSign.LOAN: N_("借用"),
    UseSign.INSPECTION: N_("检查"),
    UseSign.STOCKTAKE: N_("盘点"),
    UseSign.TRIP: N_("出车"),
    UseSign.CONFIRMED: N_("人工确认"),
}


class Answer(StrEnum):
    """What became of a flag on the holder's side."""

    CONFIRMED = "confirmed"
    """It is idle; to be offered, at the latest when the time to answer is over."""
    LISTED = "listed"
    OBJECTED = "objected"
    """It is needed, for a reason that somebody above has to accept."""
    SILENT = "silent"


ANSWER_NAMES = {
    Answer.CONFIRMED: N_("确认闲置"),
    Answer.LISTED: N_("已入仓上架"),
    Answer.OBJECTED: N_("申述在用"),
    Answer.SILENT: N_("期满未答复"),
}


class Review(StrEnum):
    """What was decided on an objection."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


REVIEW_NAMES = {Review.ACCEPTED: N_("已采纳"), Review.REFUSED: N_("未采纳")}


class OnSilence(StrEnum):
    """What happens when nobody answers in time."""

    LIST = "list"
    WAIT = "wait"


ON_SILENCE_NAMES = {
    OnSilence.LIST: N_("自动上架，标为“未经确认”"),
    OnSilence.WAIT: N_("不上架，继续等候答复"),
}


def _number(default: int, label: str, unit: str, low: int, high: int) -> Any:
    return field(default=default, metadata={"label": label, "unit": unit, "low": low, "high": high})


@dataclass(frozen=True, slots=True)
class IdlePolicy:
    """What holds for a category (``edition:code``) and all below it; the empty one is for all others."""

    category: str = ""
    days_unused: int = _number(180, N_("多久没有使用迹象即标记"), N_("天，0为不按此标记"), 0, 3650)
    answer_days: int = _number(15, N_("持有单位答复期限"), N_("个工作日"), 1, 60)
    on_silence: OnSilence = OnSilence.LIST
    quiet_days: int = _number(365, N_("申述采纳后多久不再询问"), N_("天"), 1, 3650)
    own_department_days: int = _number(10, N_("本主管部门内调剂"), N_("个工作日"), 0, 250)
    everyone_days: int = _number(30, N_("向所有单位调剂"), N_("个工作日"), 1, 250)
    donation_days: int = _number(0, N_("征集捐赠去向"), N_("个工作日，0为不设"), 0, 250)

    @property
    def lengths(self) -> Lengths:
        """How long each stage of the timetable lasts."""
        return Lengths(self.own_department_days, self.everyone_days, self.donation_days)

    @property
    def edition(self) -> str:
        """Of the category; empty for the policy of all others."""
        return self.category.partition(":")[0]

    @property
    def code(self) -> str:
        """Of the category; empty for the policy of all others."""
        return self.category.partition(":")[2]


NUMBERS = tuple(one for one in fields(IdlePolicy) if one.metadata)
"""The fields of a policy that are numbers, with their bounds."""


def policy_of(policies: Sequence[IdlePolicy], edition: str, path: Sequence[str]) -> IdlePolicy:
    """The policy of a class with these codes from the top down: that of the nearest class which has one.

    The same rule as SQL is :func:`marketplace.db.idle.ruled`; a test holds the two together.
    """
    named = {policy.category: policy for policy in policies}
    own = next((named[f"{edition}:{code}"] for code in reversed(path) if f"{edition}:{code}" in named), None)
    return own or named.get("", IdlePolicy())


def read_policy(given: Mapping[str, str]) -> IdlePolicy:
    """A policy as it was typed.

    Raises:
        Invalid: with one entry for each value that can't be accepted.
    """
    numbers: dict[str, Any] = {}
    wrong: list[FieldError] = []
    for one in NUMBERS:
        text = given.get(one.name, "").strip()
        low, high = one.metadata["low"], one.metadata["high"]
        if text.isascii() and text.isdigit() and len(text) < 6 and low <= int(text) <= high:
            numbers[one.name] = int(text)
        else:
            params = {"low": low, "high": high}
            wrong.append(FieldError(one.name, N_("应为%(low)d到%(high)d之间的整数。"), params))
    on_silence = given.get("on_silence", "")
    if on_silence not in set(OnSilence):
        wrong.append(FieldError("on_silence", N_("请选择"), {}))
    if wrong:
        raise Invalid(N_("有 %(count)d 处需要修改"), fields=tuple(wrong), count=len(wrong))
    return IdlePolicy(category=clean(given.get("category", "")), on_silence=OnSilence(on_silence), **numbers)


def plain(policy: IdlePolicy) -> dict[str, Any]:
    """A policy as rows, forms and the audit record keep it."""
    return asdict(policy)


def read_reason(typed: str) -> str:
    """Why a flagged asset is needed after all, or why an objection isn't accepted.

    Raises:
        Invalid: there is none, or it is too long.
    """
    reason = clean(typed)
    if not 2 <= len(reason) <= REASON_LENGTH:
        raise invalid_field("reason", N_("请写明理由，2到%(length)d字。"), length=REASON_LENGTH)
    return reason


class FlagState(StrEnum):
    """Where a flag stands."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    """Idle by the holder's own word; still to be offered."""
    REVIEW = "review"
    CLOSED = "closed"


class FlagAction(StrEnum):
    """What a person does with a flag."""

    LIST = "list"
    CONFIRM = "confirm"
    OBJECT = "object"
    ACCEPT = "accept"
    """Of an objection, as is the next."""
    REFUSE = "refuse"


def flag_state(answer: Answer | None, *, closed: bool) -> FlagState:
    """Where a flag with this answer stands."""
    if closed:
        return FlagState.CLOSED
    if answer is Answer.OBJECTED:
        return FlagState.REVIEW
    return FlagState.OPEN if answer is None else FlagState.CONFIRMED
