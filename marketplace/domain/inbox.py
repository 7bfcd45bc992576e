"""What can wait for somebody (待办), and where it stands in the line.

Things come in the order of their last day; on the same day the urgent ones come first.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum

from marketplace.domain.orders import OrderState
from marketplace.domain.permissions import ROLE_PERMISSIONS, Permission, Role
from marketplace.domain.text import N_


class Task(StrEnum):
    """What somebody is asked to do."""

    DECIDE = "decide"
    ACCEPT = "accept"
    """Somebody before them in line gave up: do they still want it?"""
    CORRECT = "correct"
    HAND_OVER = "hand-over"
    GIVE_BACK = "give-back"
    """A loan is due, or the holder has signed for its return already."""
    RENEW_OR_RETURN = "due"
    """The same for whoever asked for the loan and doesn't keep the unit's assets."""
    TAKE_BACK = "take-back"
    """The borrower has signed for the return."""
    CONSENT = "consent"
    """A borrower is asked to make way for a transfer."""
    MAKE_WAY = "make-way"
    """A transfer waits only because of later loans, and nobody has asked the borrowers yet."""
    DAMAGE = "damage"
    APPROVE_DISPOSAL = "disposal"
    APPROVE_AUCTION = "auction"
    ANSWER_IDLE = "idle"
    """What seems to be idle of a unit; all of it is one thing to do."""
    REVIEW_IDLE = "objection"
    """A holder says that a flagged thing is in use."""
    RECORD_PROCEEDS = "proceeds"
    """A lot was sold, and nothing noted that came in for it."""
    CONFIRM_PROCEEDS = "remittance"


class Subject(StrEnum):
    """What something to do is about."""

    ORDER = "order"
    PROJECT = "project"
    AUCTION = "auction"
    UNIT = "unit"
    FLAG = "flag"
    LOT = "lot"


SUBJECT_OF = {
    Task.APPROVE_DISPOSAL: Subject.PROJECT,
    Task.APPROVE_AUCTION: Subject.AUCTION,
    Task.ANSWER_IDLE: Subject.UNIT,
    Task.REVIEW_IDLE: Subject.FLAG,
    Task.RECORD_PROCEEDS: Subject.LOT,
    Task.CONFIRM_PROCEEDS: Subject.LOT,
}
"""All other tasks are about an order."""
ORDER_TASKS = tuple(task for task in Task if task not in SUBJECT_OF)

TASK_NAMES = {
    Task.DECIDE: N_("审批"),
    Task.ACCEPT: N_("确认接受"),
    Task.CORRECT: N_("补正"),
    Task.HAND_OVER: N_("交接"),
    Task.GIVE_BACK: N_("归还"),
    Task.RENEW_OR_RETURN: N_("归还或续借"),
    Task.TAKE_BACK: N_("验收归还"),
    Task.CONSENT: N_("答复征询"),
    Task.MAKE_WAY: N_("协调借用"),
    Task.DAMAGE: N_("处理损坏"),
    Task.APPROVE_DISPOSAL: N_("批准处置"),
    Task.APPROVE_AUCTION: N_("审核拍卖"),
    Task.ANSWER_IDLE: N_("答复闲置"),
    Task.REVIEW_IDLE: N_("复核申述"),
    Task.RECORD_PROCEEDS: N_("登记收款"),
    Task.CONFIRM_PROCEEDS: N_("确认上缴"),
}

KEEPING_ROLES = tuple(role for role in Role if Permission.HAND_OVER in ROLE_PERMISSIONS[role])
"""Roles that sign for what comes and goes."""
FUTURE_LOANS = (OrderState.SUBMITTED, OrderState.CORRECTION, OrderState.OFFERED, OrderState.APPROVED)
"""States of a loan that hasn't begun and keeps its days."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands in somebody's line; total, so that nothing is shown twice or left out."""

    due: dt.date = dt.date.min
    """The last day; where there is none, the day since which it waits."""
    calm: int = 0
    """1 unless the request is urgent."""
    rank: int = 0
    """The place of the task in :class:`Task`."""
    id: int = 0
    """Of the step, the question or the case; else of the subject."""

    def __str__(self) -> str:
        return f"{self.due.isoformat()}.{self.calm}.{self.rank}.{self.id}"


def read_place(text: str) -> Place:
    """A place from an address; what can't be read is the beginning of the line."""
    parts = text.split(".")
    try:
        due, calm, rank, number = parts
        return Place(dt.date.fromisoformat(due), int(calm), int(rank), min(int(number), 2**63 - 1))
    except ValueError:
        return Place()


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits for somebody."""

    task: Task
    place: Place
    subject_id: int
    """Of what :attr:`subject` names."""
    deadline: dt.date | None
    """None where nothing lapses, however long it takes."""
    since: dt.datetime | None
    """Where there is no deadline: since when it waits."""

    @property
    def id(self) -> int:
        """Of the step, the question or the case, by the task; else of the subject."""
        return self.place.id

    @property
    def subject(self) -> Subject:
        """What it is about."""
        return SUBJECT_OF.get(self.task, Subject.ORDER)
