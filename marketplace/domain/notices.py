"""Public notices (公告): their kinds, and the hash by which anybody can tell that one is genuine.

A notice that was published is never edited. A correction, a suspension or a result is a new version of
the same number; all versions stay readable.
"""

from __future__ import annotations

import datetime as dt
import re
from enum import StrEnum

from marketplace.domain.text import N_


class NoticeKind(StrEnum):
    """What a version of a notice says."""

    ANNOUNCEMENT = "announcement"
    CHANGE = "change"
    SUSPENSION = "suspension"
    TERMINATION = "termination"
    UNSOLD = "unsold"
    RESULT = "result"


NOTICE_NAMES = {
    NoticeKind.ANNOUNCEMENT: N_("拍卖公告"),
    NoticeKind.CHANGE: N_("变更公告"),
    NoticeKind.SUSPENSION: N_("中止公告"),
    NoticeKind.TERMINATION: N_("终止公告"),
    NoticeKind.UNSOLD: N_("流拍公告"),
    NoticeKind.RESULT: N_("结果公告"),
}
NUMBER = re.compile(r"PM\d{8,12}")


def number_of(day: dt.date, serial: int) -> str:
    """PM20260001: the year and four digits, more when a year needs them."""
    return f"PM{day:%Y}{serial:04d}"


def masked_winner(name: str) -> str:
    """A buyer as strangers may know it: persons and organisations keep their first and last character."""
    if len(name) <= 2:
        return f"{name[:-1]}*" if name else ""
    return f"{name[0]}{'*' * (len(name) - 2)}{name[-1]}"
