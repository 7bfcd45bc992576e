"""Versions of the approval policy. A version is never changed: an edit makes a new one."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, Numeric, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from marketplace.db.base import Base, Id, Moment, word
from marketplace.db.people import User
from marketplace.domain.approvals import OnOverdue, PolicyStep, Side
from marketplace.domain.orders import OrderKind
from marketplace.domain.permissions import Role


class PolicyVersion(Base):
    """A policy as it was saved. Triggers refuse UPDATE and DELETE of it and of its steps."""

    __tablename__ = "policy_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[Moment] = mapped_column(server_default=text("now()"))
    created_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    """None for the one that comes with a release."""
    note: Mapped[str] = mapped_column(String(200))

    author: Mapped[User | None] = relationship()
    steps: Mapped[list[PolicyRow]] = relationship(order_by="PolicyRow.id")


class PolicyRow(Base):
    """One step of a version: a row of the policy's table."""

    __tablename__ = "policy_steps"
    __table_args__ = (
        Index("ix_policy_steps_version", "version", "id"),
        CheckConstraint("deadline_days BETWEEN 1 AND 60", name="deadline"),
        CheckConstraint("remind_days BETWEEN 0 AND deadline_days", name="reminder"),
        CheckConstraint("min_value > 0", name="min_value"),
        CheckConstraint("position > 0", name="position"),
    )

    id: Mapped[Id]
    version: Mapped[int] = mapped_column(ForeignKey("policy_versions.number"))
    kind: Mapped[OrderKind] = mapped_column(word(OrderKind))
    position: Mapped[int]
    role: Mapped[Role] = mapped_column(word(Role))
    side: Mapped[Side] = mapped_column(word(Side))
    min_value: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    category: Mapped[str] = mapped_column(String(41), server_default="")
    only_across_departments: Mapped[bool]
    deadline_days: Mapped[int]
    remind_days: Mapped[int]
    on_overdue: Mapped[OnOverdue] = mapped_column(word(OnOverdue))

    def as_step(self) -> PolicyStep:
        """The row as the rules see it."""
        return PolicyStep(
            kind=self.kind,
            position=self.position,
            role=self.role,
            side=self.side,
            min_value=self.min_value,
            category=self.category,
            only_across_departments=self.only_across_departments,
            deadline_days=self.deadline_days,
            remind_days=self.remind_days,
            on_overdue=self.on_overdue,
        )
